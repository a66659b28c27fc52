/**
 * `POST /ingest/usage`: programs record what was used, one record or a list. Each record has an idempotency key of its
 * own, so a delivery that broke off is sent again as it was. USAGE.md says how to call it.
 */
import type { ApiKeyIdentity } from "../../../platform/auth/identity.ts";
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { ListOutcome } from "../../../platform/database/idempotent-list.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import { notFound, requirePermission } from "../../../platform/errors/refusals.ts";
import { UserFailure } from "../../../platform/errors/user-failure.ts";
import type { RequestContext } from "../../../platform/graphql/request-context.ts";
import type { Actor } from "../../../platform/graphql/subgraph-context.ts";
import { deliveryErrors, type TakenDelivery } from "../../../platform/ingest/ingest-point.ts";
import { requireIdempotencyKey } from "../../../platform/validation/idempotency-key.ts";
import { type RecordedUsage, recordUsageList } from "../commands/usage/record-usage-list.ts";
import { createBillingContext } from "../context.ts";
import { RECORD_USAGE } from "../policies.ts";
import type { BillingServices } from "../services.ts";
import { problemOfUse } from "../validation/usage.ts";
import { type DeliveredRecord, readDelivery } from "./delivered-usage.ts";

const CREATED = 201;
const ACCEPTED = 202;
const REPEATED = 200;
/** Of a list whose records fared differently: each result has its own. */
const DIFFERENT = 207;

export async function takeUsage(
  services: BillingServices,
  request: RequestContext,
  delivered: unknown,
): Promise<TakenDelivery> {
  const actor = createBillingContext(services, request).actor();
  const organizationId = organizationOf(actor);
  requirePermission(actor.identity, organizationId, RECORD_USAGE, notFound("organisation"));
  const { records, isList } = readDelivery(delivered);
  for (const [at, record] of records.entries()) requireTakable(services, record, isList ? [String(at)] : []);
  const outcomes = await recordUsageList(services, actor, { organizationId, records });
  const results = records.map((record, at) => answerOf(record, outcomes[at]));
  const [first] = results;
  if (!isList && first !== undefined) {
    if (first.failure !== undefined) throw first.failure;
    return { status: first.status, body: first.body };
  }
  const { traceId } = request.trace;
  const written = results.map(({ status, failure, body }, at) => ({
    status,
    ...(failure === undefined ? body : { errors: deliveryErrors(failure.userErrors, [String(at)], traceId) }),
  }));
  const statuses = new Set(results.map(({ status }) => status));
  return { status: statuses.size === 1 ? (first?.status ?? DIFFERENT) : DIFFERENT, body: { results: written } };
}

/** A key is of one organisation, so that nothing else has to name it. */
function organizationOf({ identity }: Actor): OrganizationId {
  const [organizationId] = isProgram(identity) ? identity.grants.keys() : [];
  if (organizationId !== undefined) return organizationId;
  throw new AppError("FORBIDDEN", "This takes an API key: people record use by `usageRecord`.");
}

function isProgram(identity: Actor["identity"]): identity is ApiKeyIdentity {
  return identity.kind === "API_KEY";
}

/**
 * Whatever can be seen before anything is stored: of a list with nonsense in it nothing is counted.
 * @param place of the record within what was delivered
 * @throws UserFailure
 */
function requireTakable(
  { clock }: BillingServices,
  { meter, quantity, idempotencyKey }: DeliveredRecord,
  place: readonly string[],
): void {
  try {
    requireIdempotencyKey(idempotencyKey);
    // Its age is judged behind its key: what is sent again may be old.
    const problem = problemOfUse({ meter, quantity, at: null }, clock.now());
    if (problem !== undefined) throw problem;
  } catch (error) {
    if (!(error instanceof UserFailure)) throw error;
    throw new UserFailure(
      error.userErrors.map((each) => ({ ...each, field: ["input", ...place, ...(each.field?.slice(1) ?? [])] })),
    );
  }
}

interface RecordAnswer {
  readonly status: number;
  readonly body: object;
  readonly failure?: UserFailure;
}

function answerOf({ meter, quantity }: DeliveredRecord, outcome: ListOutcome<RecordedUsage> | undefined): RecordAnswer {
  if (outcome === undefined) throw new Error("a record is not answered");
  if (outcome instanceof UserFailure) {
    return { status: outcome.userErrors[0]?.status ?? 400, body: {}, failure: outcome };
  }
  const { result, replayed } = outcome;
  const { usageRecordId: id, at, status, entitlement } = result;
  const record = { id, meter, quantity: quantity.toString(), at, status };
  const taken = status === "COUNTED" ? CREATED : ACCEPTED;
  return { status: replayed ? REPEATED : taken, body: { record, entitlement, replayed } };
}
