/**
 * Records what was used of metered features: each record once for its idempotency key, all of a list in one
 * transaction. What the plan has no room for is refused, and leaves the others. What lies before the month is stored,
 * and counted by a job (rate-usage.ts).
 */
import { z } from "zod";
import { OrganizationId } from "../../../../platform/auth/principal-ids.ts";
import { type ListOutcome, runIdempotentList } from "../../../../platform/database/idempotent-list.ts";
import { notFound, requirePermission } from "../../../../platform/errors/refusals.ts";
import { refuse, UserFailure } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import { type UsageRecordInput, UsageStatus } from "../../../../schema/generated/billing.ts";
import { type Entitlement, entitlementAt, writeEntitlement } from "../../domain/entitlement.ts";
import { UsageRecordId } from "../../domain/ids.ts";
import type { UsageRecord } from "../../domain/usage.ts";
import { usagePeriodAt } from "../../domain/usage-period.ts";
import { readStanding } from "../../entitlements/read-standing.ts";
import { RECORD_USAGE } from "../../policies.ts";
import type { BillingServices } from "../../services.ts";
import { requireRow } from "../../store/require-row.ts";
import { insertLateUsage, insertUsageRecords } from "../../store/usage.ts";
import { countRecords } from "../../usage/count-records.ts";
import { problemOfUse } from "../../validation/usage.ts";

const storedResult = z.object({
  usageRecordId: UsageRecordId.schema,
  /** When it was used. */
  at: z.string(),
  status: z.enum(UsageStatus),
  /** As it was behind the record. */
  entitlement: z.object({
    key: z.string(),
    granted: z.boolean(),
    limit: z.string().nullable(),
    used: z.string(),
    remaining: z.string().nullable(),
    resetsAt: z.string().nullable(),
  }),
});

export type RecordedUsage = z.infer<typeof storedResult>;

export interface UsageList {
  /** As the client sent it. */
  readonly organizationId: string;
  readonly records: readonly Omit<UsageRecordInput, "organizationId">[];
}

/**
 * @returns for each record what became of it: a failure is `NOT_FOUND` (meter), `INVALID`, `LIMIT_REACHED` or
 * `IDEMPOTENCY_…`
 * @throws UserFailure `NOT_FOUND` (organisation), `FORBIDDEN`, `INVALID` (key)
 */
export async function recordUsageList(
  services: BillingServices,
  { identity, causation }: Actor,
  { organizationId: text, records }: UsageList,
): Promise<readonly ListOutcome<RecordedUsage>[]> {
  const missing = notFound("organisation", "organizationId");
  const organizationId = OrganizationId.from(text);
  if (organizationId === undefined) throw missing;
  requirePermission(identity, organizationId, RECORD_USAGE, missing);
  const wanted = records.map(({ idempotencyKey: key, meter, quantity, at }) => ({
    key,
    input: { meter, quantity, at: at ?? null },
  }));
  const list = { tenant: organizationId, command: "usageRecord", requests: wanted, result: storedResult, causation };
  return runIdempotentList(services, list, async (scope, places) => {
    const now = services.clock.now();
    const standing = await readStanding(scope.tx, organizationId);
    const { start } = usagePeriodAt(standing.anchoredAt, now);
    const answers = new Map<number, RecordedUsage | UserFailure>();
    const late: Placed[] = [];
    const current: Placed[] = [];
    for (const place of places) {
      const { input } = requireRow(wanted[place]);
      const { meter, at } = input;
      // Behind the key: what is sent again is answered, however old it is by then.
      const problem = problemOfUse(input, now) ?? (standing.grants.has(meter) ? undefined : notGranted(meter));
      const record = { ...input, id: services.ids.next("usg"), organizationId, at: at ?? now, recordedAt: now };
      if (problem !== undefined) answers.set(place, problem);
      else if (record.at < start) late.push({ place, record });
      else current.push({ place, record });
    }
    for (const { place, record } of late) {
      answers.set(place, answerOf(record, "ACCEPTED", entitlementAt(standing, record.meter, now)));
    }
    if (late.length > 0) {
      const stored = late.map(({ record }) => record);
      await insertUsageRecords(scope.tx, stored, null);
      await insertLateUsage(scope.tx, stored, causation);
    }
    const perMeter = Map.groupBy(current, ({ record }) => record.meter);
    // In one order, so that two lists never hold each other's next total.
    for (const meter of [...perMeter.keys()].sort()) {
      const placed = perMeter.get(meter) ?? [];
      const use = { standing, meter, records: placed.map(({ record }) => record), at: now };
      for (const [at, counted] of (await countRecords(scope, use)).entries()) {
        const { place, record } = requireRow(placed[at]);
        answers.set(place, counted instanceof UserFailure ? counted : answerOf(record, "COUNTED", counted));
      }
    }
    return places.map((place) => requireRow(answers.get(place)));
  });
}

/** A record and where it stands in the list. */
interface Placed {
  readonly place: number;
  readonly record: UsageRecord;
}

function answerOf({ id, at }: UsageRecord, status: UsageStatus, entitlement: Entitlement): RecordedUsage {
  return { usageRecordId: id, at: at.toISOString(), status, entitlement: writeEntitlement(entitlement) };
}

function notGranted(meter: string): UserFailure {
  return refuse("LIMIT_REACHED", `No plan of this organisation grants \`${meter}\`: start one.`, "meter");
}
