/**
 * Every statement of the Postgres event log, over one pool. Failures to reach the store become `EVENT_LOG_UNAVAILABLE`.
 */
import { Pool, type QueryResultRow } from "pg";
import { z } from "zod";
import { AppError } from "../../errors/app-error.ts";
import type { LogAppend, LogPositions, LogRecord, PartitionRange } from "../event-log.ts";
import { partitionForKey } from "../partitioner.ts";
import { isStoreOutage } from "../store-outage.ts";
import { textArray } from "./text-array.ts";

const offset = z.string().transform((text) => BigInt(text));
const rangeRows = z.array(z.object({ partition: z.int(), low: offset, high: offset }));
const commitRows = z.array(z.object({ partition: z.int(), next: offset }));
const topicRows = z.array(z.object({ epoch: z.string(), partitions: z.int() }));
const recordRow = z.object({ record_offset: offset, key: z.string(), value: z.string(), appended_at: z.date() });
const headRow = z.object({ low: offset, high: offset });

/** Records of one partition together with its range, from one snapshot. */
export interface Page {
  readonly low: bigint;
  readonly high: bigint;
  readonly records: readonly LogRecord[];
}

export interface LogStore {
  end(): Promise<void>;
  ping(): Promise<void>;
  ensureTopics(topics: readonly string[], partitions: number): Promise<void>;
  append(topic: string, records: readonly LogAppend[]): Promise<void>;
  page(topic: string, partition: number, from: bigint, limit: number): Promise<Page>;
  ranges(topic: string): Promise<readonly PartitionRange[]>;
  /** Every partition of every topic. */
  partitions(): Promise<readonly { readonly topic: string; readonly partition: number }[]>;
  epoch(topic: string): Promise<string>;
  partitionOf(topic: string, key: string): Promise<number>;
  committed(group: string, topic: string): Promise<LogPositions>;
  commit(group: string, topic: string, partition: number, next: bigint): Promise<void>;
  /** Deletes one batch of records older than `before`; returns how many. */
  purge(topic: string, partition: number, before: Date, batch: number): Promise<number>;
}

export interface LogStoreOptions {
  readonly connectionString: string;
  readonly poolSize: number;
}

const COUNT_FRESH_MS = 5_000;

export function createLogStore({ connectionString, poolSize }: LogStoreOptions): LogStore {
  const pool = new Pool({
    connectionString,
    max: poolSize,
    application_name: "tributary-event-log",
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    query_timeout: 15_000,
  });
  // An idle connection that dies is replaced at the next use; without a listener it would end the process.
  pool.on("error", () => undefined);
  /** No statement grows a topic, but one that is created anew may have another count. */
  const partitionCounts = new Map<string, { readonly count: number; readonly until: number }>();

  async function query(text: string, values: readonly unknown[]): Promise<QueryResultRow[]> {
    try {
      return (await pool.query(text, [...values])).rows;
    } catch (cause) {
      if (!isStoreOutage(cause)) throw cause;
      throw new AppError("EVENT_LOG_UNAVAILABLE", "The event log's database does not answer.", { cause });
    }
  }

  async function topicRow(topic: string): Promise<{ epoch: string; partitions: number }> {
    const [row] = topicRows.parse(
      await query("SELECT epoch::text, partitions FROM event_topic WHERE name = $1", [topic]),
    );
    if (row === undefined) throw unknownTopic(topic);
    return row;
  }

  async function partitionCount(topic: string): Promise<number> {
    const cachedCount = partitionCounts.get(topic);
    if (cachedCount !== undefined && cachedCount.until > Date.now()) return cachedCount.count;
    const { partitions } = await topicRow(topic);
    partitionCounts.set(topic, { count: partitions, until: Date.now() + COUNT_FRESH_MS });
    return partitions;
  }

  return {
    async end() {
      await pool.end();
    },
    async ping() {
      await query("SELECT 1", []);
    },
    async ensureTopics(topics, partitions) {
      await query(
        `WITH made AS (
           INSERT INTO event_topic (name, partitions) SELECT DISTINCT name, $2::int FROM unnest($1::text[]) AS wanted (name)
           ON CONFLICT DO NOTHING RETURNING name, partitions
         )
         INSERT INTO event_partition (topic, partition)
         SELECT made.name, number FROM made, generate_series(0, made.partitions - 1) AS number`,
        [[...topics].sort(), partitions],
      );
    },
    async append(topic, records) {
      if (records.length === 0) return;
      const count = await partitionCount(topic);
      await query("SELECT event_append($1, $2::int[], $3::text[], $4::text[])", [
        topic,
        records.map(({ key }) => partitionForKey(key, count)),
        textArray(records.map(({ key }) => key)),
        textArray(records.map(({ value }) => value)),
      ]);
    },
    async page(topic, partition, from, limit) {
      const rows = await query(
        `SELECT p.low::text, p.next_offset::text AS high, r.record_offset::text, r.key, r.value, r.appended_at
         FROM event_partition AS p LEFT JOIN LATERAL (
           SELECT record_offset, key, value, appended_at FROM event_record
           WHERE topic = p.topic AND partition = p.partition AND record_offset >= $3::bigint
           ORDER BY record_offset LIMIT $4
         ) AS r ON true
         WHERE p.topic = $1 AND p.partition = $2 ORDER BY r.record_offset`,
        [topic, partition, String(from), limit],
      );
      if (rows.length === 0) throw unknownTopic(topic);
      const { low, high } = headRow.parse(rows[0]);
      // The outer join gives one row without a record when there is none to read.
      const found = rows.filter((row) => row["record_offset"] !== null).map((row) => recordRow.parse(row));
      const records = found.map(({ record_offset, key, value, appended_at }) => ({
        topic,
        partition,
        offset: record_offset,
        key,
        value,
        appendedAt: appended_at,
      }));
      return { low, high, records };
    },
    async ranges(topic) {
      const rows = rangeRows.parse(
        await query(
          "SELECT partition, low::text, next_offset::text AS high FROM event_partition WHERE topic = $1 ORDER BY partition",
          [topic],
        ),
      );
      if (rows.length === 0) throw unknownTopic(topic);
      return rows;
    },
    async partitions() {
      const rows = await query("SELECT topic, partition FROM event_partition ORDER BY topic, partition", []);
      return z.array(z.object({ topic: z.string(), partition: z.int() })).parse(rows);
    },
    epoch: async (topic) => (await topicRow(topic)).epoch,
    partitionOf: async (topic, key) => partitionForKey(key, await partitionCount(topic)),
    async committed(group, topic) {
      const rows = commitRows.parse(
        await query(
          "SELECT partition, next_offset::text AS next FROM consumer_offset WHERE consumer_group = $1 AND topic = $2",
          [group, topic],
        ),
      );
      return new Map(rows.map(({ partition, next }) => [partition, next]));
    },
    async commit(group, topic, partition, next) {
      // Never backwards: a former owner of the partition may be late. Nobody waits for the disk: after a crash of
      // Postgres an earlier position holds, from which events come again, as they may.
      await query(
        `INSERT INTO consumer_offset AS held (consumer_group, topic, partition, next_offset)
         SELECT $1, $2, $3::int, $4::bigint FROM set_config('synchronous_commit', 'off', true)
         ON CONFLICT (consumer_group, topic, partition)
         DO UPDATE SET next_offset = EXCLUDED.next_offset, committed_at = now() WHERE held.next_offset < EXCLUDED.next_offset`,
        [group, topic, partition, String(next)],
      );
    },
    async purge(topic, partition, before, batch) {
      const rows = z
        .array(z.object({ deleted: z.int() }))
        .parse(await query("SELECT event_purge($1, $2, $3, $4) AS deleted", [topic, partition, before, batch]));
      return rows[0]?.deleted ?? 0;
    },
  };
}

function unknownTopic(topic: string): AppError {
  return new AppError("NOT_FOUND", `The event log has no topic ${topic}.`);
}
