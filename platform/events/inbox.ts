/** The inbox: a row per (consumer, event id), written in the transaction of the effect, makes a redelivery harmless. */
import type { Logger } from "pino";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { SqlTransaction, TransactionHost } from "../database/sql-transaction.ts";
import { systemSleep } from "./backoff.ts";
import type { EventEnvelope } from "./envelope.ts";

/**
 * Claims events for a consumer (`$1`) by their ids (`$2`) and returns the ids that nobody had claimed; for statements
 * that do more. Sorted, so that two who are given the same events wait for each other and do not deadlock.
 */
export const CLAIM_EVENTS = `
  INSERT INTO inbox (consumer, event_id) SELECT $1, id FROM unnest($2::uuid[]) AS event (id) ORDER BY id
  ON CONFLICT DO NOTHING RETURNING event_id::text AS id`;

const claimedRows = z.array(z.object({ id: z.string() }));

/**
 * Claims events for a consumer inside the caller's transaction.
 * @returns in their order and each once, those whose effect was not committed before. A concurrent claim of the same
 * event waits for the other's end.
 */
export async function claimEvents(
  tx: SqlTransaction,
  consumer: string,
  events: readonly EventEnvelope[],
): Promise<EventEnvelope[]> {
  const ids = events.map(({ id }) => id);
  const rows = claimedRows.parse(await tx.$queryRawUnsafe(CLAIM_EVENTS, consumer, ids));
  return onlyClaimed(
    events,
    rows.map(({ id }) => id),
  );
}

/**
 * Of `events`, in their order and each once, those whose ids `CLAIM_EVENTS` returned: in lower case, as Postgres writes
 * them.
 */
export function onlyClaimed(events: readonly EventEnvelope[], ids: Iterable<string>): EventEnvelope[] {
  const claimed = new Set(ids);
  return events.filter(({ id }) => claimed.delete(id.toLowerCase()));
}

export interface InboxPurgeOptions {
  readonly database: TransactionHost<SqlTransaction>;
  /** Claims are stored this long, in milliseconds: longer than any record can be delivered again. */
  readonly keepMs: number;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const BATCH = 1_000;

/**
 * Deletes old claims of every consumer of this database in small batches. `stop` resolves when nothing runs any more.
 */
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
