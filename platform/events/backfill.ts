/**
 * Fills a new read model with what happened before it was there. The log keeps some days only, so the consumer begins
 * with a snapshot of the source and goes on with the log.
 *
 * The state of a stream and the sequence that it stands at are read in one statement, so they belong together. Model
 * and mark are written in one transaction. Events up to a stream's mark are in the snapshot and are passed over
 * afterwards. All later ones were appended after the snapshot began, so they are still in the log: this is checked
 * before the log is read, and what the log forgot meanwhile is made good by a new snapshot.
 *
 * Several processes may fill one model, and each may die: page and progress are one transaction.
 */
import type { Logger } from "pino";
import { z } from "zod";
import type { TenantId } from "../auth/principal-ids.ts";
import type { SqlTransaction, TransactionHost } from "../database/sql-transaction.ts";
import { inTenants } from "../database/tenant-transaction.ts";
import type { EventEnvelope } from "./envelope.ts";
import type { EventLog } from "./event-log.ts";
import { topicOfType } from "./event-type.ts";
import { isMarked, type StreamSnapshot, writeMarks } from "./snapshot-mark.ts";

/** Where a snapshot comes from: the subgraph's own database (`databaseSnapshot`), or whoever answers for another. */
export interface SnapshotSource {
  /** Topic of the streams. */
  readonly topic: string;
  /** Keys of the next streams behind `after` in the order of keys; none at the end. The first call gets `""`. */
  keys(after: string, limit: number): Promise<readonly TenantId[]>;
  /** Each stream's state with the sequence that it stands at, read at one moment per stream. */
  read(keys: readonly TenantId[]): Promise<readonly StreamSnapshot[]>;
}

/** How a read model is filled. */
export interface Backfill<Services, Tx extends SqlTransaction> {
  source(services: Services): SnapshotSource;
  /** Adds states of streams to the model. */
  add(tx: Tx, states: readonly unknown[]): Promise<void>;
  /** Empties the model. */
  reset(tx: Tx): Promise<void>;
}

export interface BackfillOptions<Tx extends SqlTransaction> {
  /** The consumer's name. */
  readonly consumer: string;
  readonly source: SnapshotSource;
  readonly model: Pick<Backfill<never, Tx>, "add" | "reset">;
  readonly database: TransactionHost<Tx>;
  readonly log: Pick<EventLog, "ensureTopics" | "ranges">;
  readonly logger: Logger;
  /** Streams per transaction. */
  readonly pageSize?: number;
}

export interface RunningBackfill {
  /** Resolves when the model is filled and the log may be read; at once where that was so before. */
  fill(signal: AbortSignal): Promise<void>;
  /** Is the event's effect part of the snapshot? Asked in the transaction of the effect. */
  covers(tx: SqlTransaction, event: EventEnvelope): Promise<boolean>;
}

const progressRows = z.array(
  z.object({ after: z.string(), done: z.boolean(), positions: z.record(z.string(), z.string()) }),
);
const changedRows = z.array(z.object({ consumer: z.string() }));

const BEGIN = `
  INSERT INTO backfill (consumer, log_positions) VALUES ($1, $2::jsonb) ON CONFLICT DO NOTHING`;
const PROGRESS = `
  SELECT after_key AS after, completed_at IS NOT NULL AS done, log_positions AS positions
  FROM backfill WHERE consumer = $1`;
/** Whoever gets the row at this place goes on from it; others find it moved. */
const LOCK = `
  SELECT consumer FROM backfill WHERE consumer = $1 AND after_key = $2 AND completed_at IS NULL FOR UPDATE`;
const ADVANCE = "UPDATE backfill SET after_key = $2 WHERE consumer = $1";
const BEGIN_AGAIN = "UPDATE backfill SET after_key = '', log_positions = $2::jsonb WHERE consumer = $1";
const COMPLETE = `
  UPDATE backfill SET completed_at = now() WHERE consumer = $1 AND after_key = $2 AND completed_at IS NULL`;

export function createBackfill<Model extends SqlTransaction>(options: BackfillOptions<Model>): RunningBackfill {
  const { consumer, source, model, database, log, logger, pageSize = 200 } = options;
  const { topic } = source;

  /** Where the log ends, as it is stored. */
  async function positions(): Promise<string> {
    const ranges = await log.ranges(topic);
    return JSON.stringify(Object.fromEntries(ranges.map(({ partition, high }) => [partition, String(high)])));
  }

  async function begin(): Promise<void> {
    await log.ensureTopics([topic]);
    const from = await positions();
    await inTenants(database, [], (tx) => tx.$executeRawUnsafe(BEGIN, consumer, from));
  }

  async function progress() {
    const rows = progressRows.parse(await inTenants(database, [], (tx) => tx.$queryRawUnsafe(PROGRESS, consumer)));
    const [row] = rows;
    if (row === undefined) throw new Error(`the progress of ${consumer} was deleted while it was being filled`);
    return row;
  }

  async function holds(tx: Model, after: string): Promise<boolean> {
    return changedRows.parse(await tx.$queryRawUnsafe(LOCK, consumer, after)).length > 0;
  }

  async function addPage(after: string, keys: readonly TenantId[]): Promise<void> {
    const streams = await source.read(keys);
    await inTenants(database, keys, async (tx) => {
      if (!(await holds(tx, after))) return;
      await model.add(
        tx,
        streams.flatMap(({ states }) => states),
      );
      await writeMarks(tx, { consumer, topic }, streams);
      await tx.$executeRawUnsafe(ADVANCE, consumer, keys.at(-1) ?? after);
    });
  }

  /** Does the log still hold all that was appended since the snapshot began? */
  async function isKept(began: Readonly<Record<string, string>>): Promise<boolean> {
    const ranges = await log.ranges(topic);
    return ranges.every(({ partition, low }) => low <= BigInt(began[partition] ?? "0"));
  }

  async function beginAgain(after: string): Promise<void> {
    logger.warn({ consumer }, "the log forgot events while a snapshot was taken: it is taken again");
    const from = await positions();
    await inTenants(database, [], async (tx) => {
      if (!(await holds(tx, after))) return;
      await model.reset(tx);
      await tx.$executeRawUnsafe(BEGIN_AGAIN, consumer, from);
    });
  }

  return {
    async fill(signal) {
      await begin();
      for (;;) {
        signal.throwIfAborted();
        const { after, done, positions: began } = await progress();
        if (done) return;
        const keys = await source.keys(after, pageSize);
        if (keys.length > 0) await addPage(after, keys);
        else if (!(await isKept(began))) await beginAgain(after);
        else {
          const ended = await inTenants(database, [], (tx) => tx.$executeRawUnsafe(COMPLETE, consumer, after));
          if (ended > 0) logger.info({ consumer }, "a new read model is filled, and goes on with the log");
        }
      }
    },
    covers: async (tx, event) =>
      topicOfType(event.type, [topic]) !== undefined && (await isMarked(tx, { consumer, topic }, event)),
  };
}
