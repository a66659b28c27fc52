/**
 * Records one event as the next entry of its tenant's chain and announces it. Runs inside the consumer's transaction:
 * entry, chain head, inbox row and announcement are committed together or not at all.
 */
import type { Clock } from "../../../platform/clock.ts";
import { causedBy, type EventEnvelope } from "../../../platform/events/envelope.ts";
import type { Outbox } from "../../../platform/events/outbox.ts";
import type { IdSource } from "../../../platform/ids.ts";
import type { AuditTransaction } from "../../../prisma/audit/client.ts";
import { entryFromEvent } from "../entry-from-event.ts";
import { hashEntry } from "../entry-hash.ts";
import { appendEntry, lockChain } from "../store.ts";

export interface RecordEntryDeps {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly ids: IdSource;
}

export async function recordEntry(deps: RecordEntryDeps, event: EventEnvelope, tx: AuditTransaction): Promise<void> {
  const tenantId = event.partitionkey;
  const head = await lockChain(tx, tenantId);
  const content = {
    ...entryFromEvent(event),
    id: deps.ids.next("aud"),
    tenantId,
    organizationId: event.orgid ?? null,
    sequence: head.sequence + 1n,
    eventId: event.id,
    actorKind: event.actorkind,
    actorId: event.actorid ?? null,
    metadata: event.data,
    ip: event.clientip ?? null,
    userAgent: event.useragent ?? null,
    occurredAt: new Date(event.time),
    recordedAt: deps.clock.now(),
    correlationId: event.correlationid,
  };
  const hash = hashEntry(content, head.hash);
  await appendEntry(tx, { ...content, hash, previousHash: head.hash });
  const recorded = {
    type: "audit.entry.recorded.v1",
    subject: content.id,
    aggregateVersion: 1,
    key: tenantId,
    ...(event.orgid === undefined ? {} : { organizationId: event.orgid }),
    data: {
      entryId: content.id,
      sequence: content.sequence.toString(),
      action: content.action,
      outcome: content.outcome,
      actorId: content.actorId,
      eventId: content.eventId,
      hash,
    },
  };
  await deps.outbox.append(tx, [recorded], causedBy(event));
}
