/** The inbox: a row per (consumer, event id), written in the transaction of the effect, makes a redelivery harmless. */
import type { SqlTransaction } from "../database/sql-transaction.ts";

/**
 * Claims an event for a consumer inside the caller's transaction.
 * @returns false when its effect was committed before. A concurrent claim of the same event waits for the other's end.
 */
export async function claimEvent(tx: SqlTransaction, consumer: string, eventId: string): Promise<boolean> {
  const inserted = await tx.$executeRawUnsafe(
    "INSERT INTO inbox (consumer, event_id) VALUES ($1, $2::uuid) ON CONFLICT DO NOTHING",
    consumer,
    eventId,
  );
  return inserted === 1;
}

/**
 * Deletes up to `limit` claims older than `before`; returns how many. Keep claims longer than the event log keeps
 * records: a record that is still readable may be delivered again.
 */
export function purgeInbox(tx: SqlTransaction, before: Date, limit: number): Promise<number> {
  return tx.$executeRawUnsafe(
    `DELETE FROM inbox WHERE (consumer, event_id) IN (
       SELECT consumer, event_id FROM inbox WHERE processed_at < $1::timestamptz ORDER BY processed_at LIMIT $2::int)`,
    before.toISOString(),
    limit,
  );
}
