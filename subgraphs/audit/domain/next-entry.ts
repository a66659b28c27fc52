/** An event as the next link of its tenant's chain. */
import { OrganizationId, type TenantId } from "../../../platform/auth/principal-ids.ts";
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import { whyUnrecordable } from "../../../platform/events/recordable-event.ts";
import type { AuditEntry } from "./audit-entry.ts";
import { entryFromEvent } from "./entry-from-event.ts";
import { hashEntry } from "./entry-hash.ts";
import type { AuditEntryId } from "./ids.ts";

export interface NewEntry {
  readonly id: AuditEntryId;
  readonly tenantId: TenantId;
  readonly recordedAt: Date;
  /** Where the chain ends. */
  readonly head: { readonly sequence: bigint; readonly hash: string | null };
}

/** @throws Error for an event that cannot be recorded */
export function nextEntry(event: EventEnvelope, { id, tenantId, recordedAt, head }: NewEntry): AuditEntry {
  const problem = whyUnrecordable(event);
  if (problem !== undefined) throw new Error(`the event cannot be recorded: ${problem}`);
  const content = {
    ...entryFromEvent(event),
    id,
    tenantId,
    organizationId: event.orgid === undefined ? null : OrganizationId.require(event.orgid),
    sequence: head.sequence + 1n,
    // As it is read again: the hash covers it.
    eventId: event.id.toLowerCase(),
    actorKind: event.actorkind,
    actorId: event.actorid ?? null,
    metadata: event.data,
    ip: event.clientip ?? null,
    userAgent: event.useragent ?? null,
    occurredAt: new Date(event.time),
    recordedAt,
    correlationId: event.correlationid,
  };
  return { ...content, hash: hashEntry(content, head.hash), previousHash: head.hash };
}
