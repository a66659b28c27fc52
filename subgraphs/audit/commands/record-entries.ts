/**
 * Records events of one tenant as the next entries of its chain and announces them, in two statements however many they
 * are. Runs inside the consumer's transaction: entries, chain head, inbox rows and announcements are committed together
 * or not at all.
 */
import { requireTenantId, type TenantId } from "../../../platform/auth/principal-ids.ts";
import type { TransactionEnd } from "../../../platform/database/tenant-transaction.ts";
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import type { CausedEvent } from "../../../platform/events/outbox.ts";
import { nextEntry } from "../domain/next-entry.ts";
import { announcementOf } from "../domain-events.ts";
import type { AuditServices } from "../services.ts";
import { claimOntoChain } from "../store/chains.ts";
import type { AuditTransaction } from "../store/database.ts";
import { type RecordedEvent, storingEntries } from "../store/entries.ts";

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
  const { ids, clock, outbox } = services;
  const recorded: RecordedEvent[] = [];
  const announcements: CausedEvent[] = [];
  let { head } = chain;
  for (const event of chain.events) {
    const entry = nextEntry(event, { id: ids.next("aud"), tenantId, recordedAt: clock.now(), head });
    head = entry;
    recorded.push({ entry, event });
    announcements.push(announcementOf(entry, event));
  }
  end.commitWithNext();
  await outbox.appendCaused(tx, announcements, storingEntries(recorded));
}

function onlyTenantOf(events: readonly EventEnvelope[]): TenantId {
  const [tenantId, ...others] = new Set(events.map(({ partitionkey }) => partitionkey));
  if (tenantId === undefined || others.length > 0) throw new Error("not the events of one tenant");
  return requireTenantId(tenantId);
}
