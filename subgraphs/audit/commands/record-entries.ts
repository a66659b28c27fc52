/**
 * Records events of one tenant as the next entries of its chain and announces them, in two statements however many they are. Runs inside the
 * consumer's transaction: entries, chain head, inbox rows and announcements are committed together or not at all.
 */
import type { Clock } from "../../../platform/clock.ts";
import type { TransactionEnd } from "../../../platform/database/tenant-transaction.ts";
import { causedBy, type DomainEvent, type EventEnvelope } from "../../../platform/events/envelope.ts";
import type { CausedEvent, Outbox } from "../../../platform/events/outbox.ts";
import type { IdSource } from "../../../platform/ids.ts";
import type { AuditTransaction } from "../../../prisma/audit/client.ts";
import { entryFromEvent } from "../entry-from-event.ts";
import { hashEntry } from "../entry-hash.ts";
import { type AuditEntryRecord, type ChainHead, claimOntoChain, storingEntries } from "../store.ts";

export interface RecordEntriesDeps {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly ids: IdSource;
}

export interface RecordedBatch {
  /** In the inbox. */
  readonly consumer: string;
  readonly end: TransactionEnd;
}

/**
 * @param events in order; those that were recorded before, or earlier in the list, are left out
 * @throws when they belong to several tenants: the transaction may write the rows of one
 */
export async function recordEntries(
  deps: RecordEntriesDeps,
  events: readonly EventEnvelope[],
  tx: AuditTransaction,
  { consumer, end }: RecordedBatch,
): Promise<void> {
  const tenantId = onlyTenantOf(events);
  const chain = await claimOntoChain(tx, consumer, tenantId, events);
  if (chain === undefined) return;
  const entries: AuditEntryRecord[] = [];
  const announcements: CausedEvent[] = [];
  let { head } = chain;
  for (const event of chain.events) {
    const entry = nextEntry(deps, event, head);
    head = entry;
    entries.push(entry);
    announcements.push({ event: announcementOf(entry), causation: causedBy(event) });
  }
  end.commitWithNext();
  await deps.outbox.appendCaused(tx, announcements, storingEntries(entries));
}

function onlyTenantOf(events: readonly EventEnvelope[]): string {
  const [tenantId, ...others] = new Set(events.map(({ partitionkey }) => partitionkey));
  if (tenantId === undefined || others.length > 0) throw new Error("not the events of one tenant");
  return tenantId;
}

function nextEntry({ ids, clock }: RecordEntriesDeps, event: EventEnvelope, head: ChainHead): AuditEntryRecord {
  const content = {
    ...entryFromEvent(event),
    id: ids.next("aud"),
    tenantId: event.partitionkey,
    organizationId: event.orgid ?? null,
    sequence: head.sequence + 1n,
    // As it is read again: the hash covers it.
    eventId: event.id.toLowerCase(),
    actorKind: event.actorkind,
    actorId: event.actorid ?? null,
    metadata: event.data,
    ip: event.clientip ?? null,
    userAgent: event.useragent ?? null,
    occurredAt: new Date(event.time),
    recordedAt: clock.now(),
    correlationId: event.correlationid,
  };
  return { ...content, hash: hashEntry(content, head.hash), previousHash: head.hash };
}

function announcementOf(entry: AuditEntryRecord): DomainEvent {
  const { id, tenantId, organizationId, sequence, action, outcome, actorId, eventId, hash } = entry;
  return {
    type: "audit.entry.recorded.v1",
    subject: id,
    aggregateVersion: 1,
    key: tenantId,
    ...(organizationId === null ? {} : { organizationId }),
    data: { entryId: id, sequence: sequence.toString(), action, outcome, actorId, eventId, hash },
  };
}
