/** Notes how a replay ended, as its consumer says. */
import { PLATFORM } from "../../../platform/auth/principal-ids.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import type { ReplayOutcome } from "../../../platform/events/replay.ts";
import type { AuditServices } from "../services.ts";
import { markSettled } from "../store/dead-letters.ts";

export async function settleReplay(
  { database }: Pick<AuditServices, "database">,
  outcome: ReplayOutcome,
): Promise<void> {
  await inTenants(database, [PLATFORM], (tx) => markSettled(tx, outcome));
}
