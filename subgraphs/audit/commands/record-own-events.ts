/**
 * Publishes what audit itself says happened and records it in the same transaction: its consumer reads every topic but
 * its own. Chains are locked before streams, and both in the order of their owners, as the consumer does.
 */
import { requireTenantId } from "../../../platform/auth/principal-ids.ts";
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import type { CausedEvent } from "../../../platform/events/outbox.ts";
import { nextEntry } from "../domain/next-entry.ts";
import { announcementOf } from "../domain-events.ts";
import type { AuditServices } from "../services.ts";
import { lockChain } from "../store/chains.ts";
import type { AuditTransaction } from "../store/database.ts";
import { type RecordedEvent, storingEntries } from "../store/entries.ts";

type RecordingServices = Pick<AuditServices, "outbox" | "clock" | "ids">;

/**
 * The last statements of a transaction whose tenants include every event's owner.
 * @returns the events as they were published
 */
export async function recordOwnEvents(
  { outbox, clock, ids }: RecordingServices,
  tx: AuditTransaction,
  events: readonly CausedEvent[],
): Promise<EventEnvelope[]> {
  const published: EventEnvelope[] = [];
  const byOwner = Map.groupBy(events, ({ event }) => event.key);
  for (const owner of [...byOwner.keys()].sort()) {
    let head = await lockChain(tx, owner);
    const recorded: RecordedEvent[] = [];
    const announcements: CausedEvent[] = [];
    const envelopes = await outbox.appendCaused(tx, byOwner.get(owner) ?? []);
    for (const envelope of envelopes) {
      const tenantId = requireTenantId(owner);
      const entry = nextEntry(envelope, { id: ids.next("aud"), tenantId, recordedAt: clock.now(), head });
      head = entry;
      recorded.push({ entry, event: envelope });
      announcements.push(announcementOf(entry, envelope));
    }
    await outbox.appendCaused(tx, announcements, storingEntries(recorded));
    published.push(...envelopes);
  }
  return published;
}
