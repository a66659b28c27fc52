/** Every statement of the relay, on the session that holds its lock. */
import type { Client } from "pg";
import { z } from "zod";

export interface OutboxRow {
  readonly position: string;
  readonly topic: string;
  /** The tenant, and the ordering key in the log. */
  readonly key: string;
  readonly envelope: string;
}

/** The oldest unsent rows, in the order of their positions. */
export interface Claim {
  readonly rows: readonly OutboxRow[];
  /** There may be more. */
  readonly full: boolean;
  readonly tookMs: number;
}

export interface ClaimLimits {
  readonly rows: number;
  /** Of the events' texts; a single larger one is claimed alone. */
  readonly bytes: number;
}

export interface OutboxLag {
  readonly unsent: number;
  /** Age of the oldest unsent row, in milliseconds; 0 when there is none. */
  readonly oldestAgeMs: number;
}

/*
 * Never "position above the last one": positions are taken before commits, so a lower one may appear later, and its
 * key's next one with it. Hence each claim looks from the beginning and leaves out by name what is on its way.
 * Columns are qualified in ORDER BY: the bare name would mean the output column, which is text.
 */
const CLAIM = `
  SELECT position::text, topic, key, envelope, upto::text FROM (
    SELECT position, topic, tenant_id AS key, envelope, octet_length(envelope) AS bytes,
      sum(octet_length(envelope)) OVER (ORDER BY position) AS upto
    FROM (
      SELECT * FROM outbox
      WHERE sent_at IS NULL AND position <> ALL ($2::bigint[]) AND tenant_id <> ALL ($3::text[])
      ORDER BY outbox.position LIMIT $1
    ) AS oldest
  ) AS sized WHERE upto - bytes < $4::bigint ORDER BY sized.position`;

const HEADS = `
  SELECT DISTINCT ON (tenant_id) position::text, topic, tenant_id AS key, envelope FROM outbox
  WHERE sent_at IS NULL AND tenant_id = ANY ($1::text[]) ORDER BY tenant_id, outbox.position`;

const LAG = `
  SELECT count(*) AS unsent, coalesce(extract(epoch FROM now() - min(created_at)) * 1000, 0) AS age
  FROM outbox WHERE sent_at IS NULL`;

const PURGE = `
  DELETE FROM outbox WHERE position IN (
    SELECT position FROM outbox WHERE sent_at < now() - $1 * interval '1 millisecond' ORDER BY sent_at LIMIT $2)`;

const outboxRow = z.object({ position: z.string(), topic: z.string(), key: z.string(), envelope: z.string() });
const headRows = z.array(outboxRow);
const claimedRows = z.array(outboxRow.extend({ upto: z.coerce.number() }));
const lagRows = z.tuple([z.object({ unsent: z.coerce.number(), age: z.coerce.number() })]);

export async function claimRows(
  client: Client,
  limits: ClaimLimits,
  underWay: readonly OutboxRow[],
  heldKeys: readonly string[],
): Promise<Claim> {
  const begun = performance.now();
  const values = [limits.rows, underWay.map(({ position }) => position), heldKeys, limits.bytes];
  const rows = claimedRows.parse((await client.query(CLAIM, values)).rows);
  const full = rows.length === limits.rows || (rows.at(-1)?.upto ?? 0) >= limits.bytes;
  return { rows, full, tookMs: performance.now() - begun };
}

/** The oldest unsent row of each key that has one. */
export async function headsOf(client: Client, keys: readonly string[]): Promise<readonly OutboxRow[]> {
  return headRows.parse((await client.query(HEADS, [keys])).rows);
}

export async function markSent(client: Client, rows: readonly OutboxRow[]): Promise<void> {
  if (rows.length === 0) return;
  const positions = rows.map(({ position }) => position);
  await client.query("UPDATE outbox SET sent_at = now() WHERE position = ANY ($1::bigint[])", [positions]);
}

/** Deletes at most `limit` rows that were sent longer ago; returns how many. */
export async function purgeSent(client: Client, olderThanMs: number, limit: number): Promise<number> {
  return (await client.query(PURGE, [olderThanMs, limit])).rowCount ?? 0;
}

export async function readLag(client: Client): Promise<OutboxLag> {
  const [{ unsent, age }] = lagRows.parse((await client.query(LAG)).rows);
  return { unsent, oldestAgeMs: Math.max(0, Math.round(age)) };
}
