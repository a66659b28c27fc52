/**
 * The inbox: a row per (consumer, event id), written in the transaction of the effect, makes a redelivery harmless. It
 * also says what a consumer has applied of an aggregate, so that an older event is not replayed over a newer one.
 */
import type { Logger } from "pino";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { SqlTransaction, TransactionHost } from "../database/sql-transaction.ts";
import { systemSleep } from "./backoff.ts";
import type { EventEnvelope } from "./envelope.ts";

/**
 * Claims events for a consumer (`$1` to `$4` are `claimOf`) and returns the ids that nobody had claimed; for statements
 * that do more. Sorted, so that two who are given the same events wait for each other and do not deadlock.
 */
export const CLAIM_EVENTS = `
  INSERT INTO inbox (consumer, event_id, aggregate, sequence)
  SELECT $1, id, aggregate, sequence FROM unnest($2::uuid[], $3::text[], $4::bigint[]) AS event (id, aggregate, sequence)
  ORDER BY id ON CONFLICT DO NOTHING RETURNING event_id::text AS id`;

/** The parameters of `CLAIM_EVENTS`. */
export function claimOf(consumer: string, events: readonly EventEnvelope[]) {
  const ids = events.map(({ id }) => id);
  return [consumer, ids, events.map(aggregateOf), events.map(({ sequence }) => sequence)] as const;
}

/** Sequences count per stream, so only events of one stream can be compared. */
function aggregateOf({ source, partitionkey, subject }: EventEnvelope): string {
  return `${source} ${partitionkey} ${subject}`;
}

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
  const rows = claimedRows.parse(await tx.$queryRawUnsafe(CLAIM_EVENTS, ...claimOf(consumer, events)));
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

/** The index on the time bounds the search: nothing newer can have been applied before the event itself was tried. */
const FIND_NEWER = `
  SELECT max(sequence)::text AS newest FROM inbox
  WHERE consumer = $1 AND aggregate = $2 AND sequence > $3::bigint AND processed_at >= $4::timestamptz`;

const newestRows = z.tuple([z.object({ newest: z.string().nullable() })]);

/** Between the clock that stamped a failure and the database's. */
const CLOCKS_DIFFER_MS = 60 * 60_000;

/**
 * @param triedAt when the consumer had tried the event already
 * @returns sequence of the newest change of the event's aggregate that the consumer applied, if it is newer
 */
export async function newerApplied(
  tx: SqlTransaction,
  consumer: string,
  event: EventEnvelope,
  triedAt: Date,
): Promise<string | undefined> {
  const since = new Date(triedAt.getTime() - CLOCKS_DIFFER_MS).toISOString();
  const rows = await tx.$queryRawUnsafe(FIND_NEWER, consumer, aggregateOf(event), event.sequence, since);
  return newestRows.parse(rows)[0].newest ?? undefined;
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
