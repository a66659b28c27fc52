/**
 * Records events of one tenant as the next entries of its chain and announces them, in two statements however many they
 * are. Runs inside the consumer's transaction: entries, chain head, inbox rows and announcements are committed together
 * or not at all.
 */
import { OrganizationId, requireTenantId, type TenantId } from "../../../platform/auth/principal-ids.ts";
import type { TransactionEnd } from "../../../platform/database/tenant-transaction.ts";
import { causedBy, type EventEnvelope } from "../../../platform/events/envelope.ts";
import type { CausedEvent } from "../../../platform/events/outbox.ts";
import type { AuditEntry } from "../domain/audit-entry.ts";
import { entryFromEvent } from "../domain/entry-from-event.ts";
import { hashEntry } from "../domain/entry-hash.ts";
import { entryRecorded } from "../domain-events.ts";
import type { AuditServices } from "../services.ts";
import { type ChainHead, claimOntoChain } from "../store/chains.ts";
import type { AuditTransaction } from "../store/database.ts";
import { storingEntries } from "../store/entries.ts";

type RecordingServices = Pick<AuditServices, "outbox" | "clock" | "ids">;

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
  services: RecordingServices,
  events: readonly EventEnvelope[],
  tx: AuditTransaction,
  { consumer, end }: RecordedBatch,
): Promise<void> {
  const tenantId = onlyTenantOf(events);
  const chain = await claimOntoChain(tx, consumer, tenantId, events);
  if (chain === undefined) return;
  const entries: AuditEntry[] = [];
  const announcements: CausedEvent[] = [];
  let { head } = chain;
  for (const event of chain.events) {
    const entry = nextEntry(services, tenantId, event, head);
    head = entry;
    entries.push(entry);
    announcements.push({ event: entryRecorded(entry), causation: causedBy(event) });
  }
  end.commitWithNext();
  await services.outbox.appendCaused(tx, announcements, storingEntries(entries));
}

function onlyTenantOf(events: readonly EventEnvelope[]): TenantId {
  const [tenantId, ...others] = new Set(events.map(({ partitionkey }) => partitionkey));
  if (tenantId === undefined || others.length > 0) throw new Error("not the events of one tenant");
  return requireTenantId(tenantId);
}

function nextEntry(
  { ids, clock }: RecordingServices,
  tenantId: TenantId,
  event: EventEnvelope,
  head: ChainHead,
): AuditEntry {
  const content = {
    ...entryFromEvent(event),
    id: ids.next("aud"),
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
    recordedAt: clock.now(),
    correlationId: event.correlationid,
  };
  return { ...content, hash: hashEntry(content, head.hash), previousHash: head.hash };
}
