/** What audit says happened, as `schema/events/audit.*.json` describe it. */
import type { DomainEvent } from "../../platform/events/envelope.ts";
import type { EventData } from "../../schema/generated/events.ts";
import type { AuditEntry } from "./domain/audit-entry.ts";

export function entryRecorded(entry: AuditEntry): DomainEvent {
  const { id, tenantId, organizationId, sequence, action, outcome, actorId, eventId, hash } = entry;
  const data: EventData["audit.entry.recorded.v1"] = {
    entryId: id,
    sequence: sequence.toString(),
    action,
    outcome,
    actorId,
    eventId,
    hash,
  };
  return {
    type: "audit.entry.recorded.v1",
    subject: id,
    // Entries never change.
    aggregateVersion: 1,
    key: tenantId,
    ...(organizationId === null ? {} : { organizationId }),
    data: { ...data },
  };
}
