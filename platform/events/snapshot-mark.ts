/**
 * Snapshots of event streams. A stream's state is read with the sequence that it stands at, and a mark remembers this
 * sequence for a consumer: its model has all events of the stream up to there.
 */
import { z } from "zod";
import { requireTenantId, type TenantId } from "../auth/principal-ids.ts";
import type { SqlTransaction, TransactionHost } from "../database/sql-transaction.ts";
import { inTenants } from "../database/tenant-transaction.ts";
import type { EventEnvelope } from "./envelope.ts";

export interface StreamSnapshot {
  readonly key: TenantId;
  /** Of the last event that the states tell of, in decimal; `"0"` where there was none. */
  readonly sequence: string;
  /** What the source knows of the stream, in its own form. */
  readonly states: readonly unknown[];
}

export interface MarkOwner {
  readonly consumer: string;
  readonly topic: string;
}

const snapshotRows = z.array(z.object({ key: z.string(), sequence: z.string(), states: z.array(z.unknown()) }));
const foundRows = z.array(z.object({ sequence: z.string() }));

/**
 * One statement, hence one moment: a change and the sequence of its event are committed together, so both are seen or
 * neither. STATES gives `key` and `state`, as JSON, of the keys `$1::text[]`.
 */
const READ = `
  WITH state AS (STATES)
  SELECT wanted.key, coalesce(head.last_sequence, 0)::text AS sequence,
    (SELECT coalesce(json_agg(state.state), '[]') FROM state WHERE state.key = wanted.key) AS states
  FROM unnest($1::text[]) AS wanted (key)
  LEFT JOIN stream_head AS head ON head.topic = $2 AND head.tenant_id = wanted.key`;

const WRITE = `
  INSERT INTO snapshot_mark (consumer, topic, tenant_id, sequence)
  SELECT $1, $2, key, sequence FROM json_to_recordset($3::json) AS mark (key text, sequence bigint)
  ON CONFLICT (consumer, topic, tenant_id) DO UPDATE SET sequence = EXCLUDED.sequence`;

const FIND = `
  SELECT sequence::text FROM snapshot_mark
  WHERE consumer = $1 AND topic = $2 AND tenant_id = $3 AND sequence >= $4::bigint`;

export interface DatabaseSnapshot {
  readonly topic: string;
  /** Its text never changes: it is prepared. It selects `key` and `state` (JSON) of the keys `$1::text[]`. */
  readonly states: string;
}

/** Reads streams of the own database, where their heads are. */
export async function readStreams<Tx extends SqlTransaction>(
  database: TransactionHost<Tx>,
  { topic, states }: DatabaseSnapshot,
  keys: readonly TenantId[],
): Promise<StreamSnapshot[]> {
  const statement = READ.replace("STATES", () => states);
  const rows = await inTenants(database, keys, (tx) => tx.$queryRawUnsafe(statement, [...keys], topic));
  return snapshotRows.parse(rows).map(({ key, ...snapshot }) => ({ key: requireTenantId(key), ...snapshot }));
}

/** Overwrites earlier marks: whoever takes a snapshot again has emptied the model before. */
export async function writeMarks(
  tx: SqlTransaction,
  { consumer, topic }: MarkOwner,
  streams: readonly StreamSnapshot[],
): Promise<void> {
  const marks = streams.map(({ key, sequence }) => ({ key, sequence }));
  await tx.$executeRawUnsafe(WRITE, consumer, topic, JSON.stringify(marks));
}

/** Is the event's effect in the consumer's model by its snapshot? */
export async function isMarked(
  tx: SqlTransaction,
  { consumer, topic }: MarkOwner,
  { partitionkey, sequence }: Pick<EventEnvelope, "partitionkey" | "sequence">,
): Promise<boolean> {
  const rows = await tx.$queryRawUnsafe(FIND, consumer, topic, partitionkey, sequence);
  return foundRows.parse(rows).length > 0;
}
