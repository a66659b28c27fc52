/**
 * Runs a command about one entity of an account. The entity is read and checked first. The work is done once for its
 * idempotency key, and behind the account's lock: what is decided about an account is decided one after the other.
 */
import type { z } from "zod";
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { CommandOutcome, CommandScope } from "../../../platform/database/command.ts";
import { runIdempotentCommand } from "../../../platform/database/idempotent-command.ts";
import type { Actor } from "../../../platform/graphql/subgraph-context.ts";
import type { Id } from "../../../platform/ids.ts";
import { requireIdempotencyKey } from "../../../platform/validation/idempotency-key.ts";
import type { AccountId } from "../domain/ids.ts";
import type { BillingServices } from "../services.ts";
import { lockAccount } from "../store/accounts.ts";
import type { BillingTransaction } from "../store/database.ts";
import { inTimeOf } from "../test-clock/in-time-of.ts";
import { findManaged, type ManagedKind } from "./managed-target.ts";

interface OfAccount<Prefix extends string> {
  readonly id: Id<Prefix>;
  readonly organizationId: OrganizationId;
  readonly accountId: AccountId;
}

export interface ManagedCommand<Prefix extends string, Entity, Result> {
  /** As the mutation is called. */
  readonly command: string;
  readonly target: ManagedKind<Prefix, Entity>;
  readonly input: { readonly id: string; readonly idempotencyKey: string };
  /** What the idempotency key stands for beside the id. */
  readonly terms?: Readonly<Record<string, unknown>>;
  /** Of what the command answers. */
  readonly result: z.ZodType<Result>;
}

/**
 * @param work gets the entity as it was before the lock: what may have changed since it reads again. Its services show
 * the account's time
 * @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `IDEMPOTENCY_…`, or what `work` throws
 */
export async function runManagedCommand<Prefix extends string, Entity extends OfAccount<NoInfer<Prefix>>, Result>(
  services: BillingServices,
  { identity, causation }: Actor,
  { command, target, input, terms = {}, result }: ManagedCommand<Prefix, Entity, Result>,
  work: (scope: CommandScope<BillingTransaction>, entity: Entity, here: BillingServices) => Promise<Result>,
): Promise<CommandOutcome<Result>> {
  const entity = await findManaged(services, identity, target, input.id, "id");
  const key = requireIdempotencyKey(input.idempotencyKey);
  const { id, organizationId: tenant, accountId } = entity;
  const request = { key, tenant, command, input: { id, ...terms }, result, causation };
  return runIdempotentCommand(services, request, async (scope) => {
    const account = await lockAccount(scope.tx, accountId);
    return work(scope, entity, inTimeOf(services, account));
  });
}
