/** Which events the audit log records: all of them, from every topic but its own. */
import type { BatchHandler } from "../../platform/events/group-consumer.ts";
import { recordEntries } from "./commands/record-entries.ts";
import type { AuditServices } from "./services.ts";
import type { AuditTransaction } from "./store/database.ts";

/** A new subgraph's topic is added here. `audit.events` is not: recording an entry would record itself. */
export const RECORDED_TOPICS = ["user.events", "billing.events"] as const;

export function auditHandler(services: AuditServices): BatchHandler<AuditTransaction> {
  return (events, tx, batch) => recordEntries(services, events, tx, batch);
}
