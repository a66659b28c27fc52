/** Which events the audit log records: all of them, from every topic but its own. */
import type { EventHandler } from "../../platform/events/group-consumer.ts";
import type { AuditTransaction } from "../../prisma/audit/client.ts";
import { type RecordEntryDeps, recordEntry } from "./commands/record-entry.ts";

/** A new subgraph's topic is added here. `audit.events` is not: recording an entry would record itself. */
export const RECORDED_TOPICS = ["user.events", "billing.events"] as const;

export function auditHandlers(deps: RecordEntryDeps): Readonly<Record<string, EventHandler<AuditTransaction>>> {
  return { "*": (event, tx) => recordEntry(deps, event, tx) };
}
