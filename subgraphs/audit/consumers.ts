/** What the audit log does about events: it records all of them, from every topic but its own. */
import type { BatchHandler } from "../../platform/events/group-consumer.ts";
import { recordEntries } from "./commands/record-entries.ts";
import type { AuditServices } from "./services.ts";
import type { AuditTransaction } from "./store/database.ts";

export function auditHandler(services: AuditServices): BatchHandler<AuditTransaction> {
  return (events, tx, batch) => recordEntries(services, events, tx, batch);
}
