/** The inbox: a row per (consumer, event id), written in the transaction of the effect, makes a redelivery harmless. */
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { SqlTransaction, TransactionHost } from "../database/sql-transaction.ts";
import { systemSleep } from "./backoff.ts";

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

export interface InboxPurgeOptions {
  readonly database: TransactionHost<SqlTransaction>;
  /** Claims are kept this long, in milliseconds: longer than any record can be delivered again. */
  readonly keepMs: number;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const BATCH = 1_000;

/** Deletes old claims of every consumer of this database in small batches. `stop` resolves when nothing runs any more. */
export function startInboxPurge(options: InboxPurgeOptions): { stop(): Promise<void> } {
  const { database, keepMs, everyMs, clock, logger } = options;
  const abort = new AbortController();

  async function purge(): Promise<void> {
    const before = new Date(clock.now().getTime() - keepMs).toISOString();
    let deleted = BATCH;
    while (deleted === BATCH && !abort.signal.aborted) {
      deleted = await database.$transaction((tx) => tx.$executeRawUnsafe(DELETE_OLD, before, BATCH));
    }
  }

  async function run(): Promise<void> {
    while (!abort.signal.aborted) {
      await systemSleep(everyMs, abort.signal);
      if (abort.signal.aborted) return;
      try {
        await purge();
      } catch (error) {
        logger.warn({ err: error }, "old inbox rows not deleted, trying again later");
      }
    }
  }

  const done = run();
  return {
    async stop() {
      abort.abort();
      await done;
    },
  };
}

const DELETE_OLD = `
  DELETE FROM inbox WHERE (consumer, event_id) IN (
    SELECT consumer, event_id FROM inbox WHERE processed_at < $1::timestamptz ORDER BY processed_at LIMIT $2::int)`;
