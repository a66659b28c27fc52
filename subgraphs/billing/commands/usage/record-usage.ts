/** Records what was used of a metered feature: a list of one (record-usage-list.ts). */
import type { CommandOutcome } from "../../../../platform/database/command.ts";
import { UserFailure } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { UsageRecordInput } from "../../../../schema/generated/billing.ts";
import type { BillingServices } from "../../services.ts";
import { requireRow } from "../../store/require-row.ts";
import { type RecordedUsage, recordUsageList } from "./record-usage-list.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `LIMIT_REACHED`, `IDEMPOTENCY_…` */
export async function recordUsage(
  services: BillingServices,
  actor: Actor,
  { organizationId, ...record }: UsageRecordInput,
): Promise<CommandOutcome<RecordedUsage>> {
  const outcome = requireRow((await recordUsageList(services, actor, { organizationId, records: [record] })).at(0));
  if (outcome instanceof UserFailure) throw outcome;
  return outcome;
}
