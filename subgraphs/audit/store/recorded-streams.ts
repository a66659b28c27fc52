/**
 * Statements on what was recorded of each stream. Callers bring a transaction of the platform, which sees all tenants'.
 */
import { z } from "zod";
import { RECORDER } from "../subgraph-name.ts";
import type { AuditTransaction } from "./database.ts";
import { tables } from "./tables.ts";

/** How far a stream has come, as its producer says. */
export interface Head {
  readonly tenantId: string;
  readonly sequence: string;
}

export interface StreamState {
  readonly tenantId: string;
  /** Events up to the head that were not recorded, dead letters apart. */
  readonly missing: number;
  /** What was missing when it was last looked at. */
  readonly before: number;
  /** Sequences that were not recorded, dead letters among them: `{[3,5),[9,10)}`. */
  readonly holes: string;
}

/* A dead letter of our consumer explains the sequence that it names; one that nobody can read names none. */
const COMPARE = `
  WITH head AS (
    SELECT * FROM json_to_recordset($2::json) AS head ("tenantId" text, sequence bigint)
  ), stream AS (
    SELECT head."tenantId", head.sequence, coalesce(recorded.missing, 0) AS before,
      int8multirange(int8range(1, head.sequence + 1)) - coalesce(recorded.recorded, '{}') AS holes
    FROM head LEFT JOIN recorded_stream AS recorded ON recorded.tenant_id = head."tenantId" AND recorded.source = $1
  ), incomplete AS (
    SELECT *, (SELECT sum(upper(hole) - lower(hole)) FROM unnest(holes) AS hole) AS open,
      (
        SELECT count(DISTINCT event_sequence) FROM dead_letter
        WHERE consumer = $4 AND topic = $3 AND record_key = "tenantId" AND holes @> event_sequence
      ) AS explained
    FROM stream WHERE holes <> '{}'
  )
  SELECT stream."tenantId", stream.before::int, stream.holes::text,
    coalesce(greatest(incomplete.open - incomplete.explained, 0), 0)::int AS missing
  FROM stream LEFT JOIN incomplete USING ("tenantId")
  WHERE stream.before > 0 OR stream.holes <> '{}'`;

const comparedRows = z.array(z.object({ tenantId: z.string(), before: z.int(), holes: z.string(), missing: z.int() }));

/** @returns the streams that lack something, and those that did when they were last looked at */
export async function compareStreams(
  tx: AuditTransaction,
  { source, topic, heads }: { readonly source: string; readonly topic: string; readonly heads: readonly Head[] },
): Promise<readonly StreamState[]> {
  const rows = await tables(tx).$queryRawUnsafe(COMPARE, source, JSON.stringify(heads), topic, RECORDER);
  return comparedRows.parse(rows);
}

const NOTE = `
  INSERT INTO recorded_stream AS stream (tenant_id, source, head, missing)
  SELECT "tenantId", $1, head, missing
  FROM json_to_recordset($2::json) AS noted ("tenantId" text, head bigint, missing bigint)
  ON CONFLICT (tenant_id, source) DO UPDATE SET
    head = greatest(stream.head, EXCLUDED.head), missing = EXCLUDED.missing`;

/** Keeps what is missing of streams, for whoever asks before the next comparison. */
export async function noteMissing(
  tx: AuditTransaction,
  source: string,
  noted: readonly { readonly tenantId: string; readonly head: string; readonly missing: number }[],
): Promise<void> {
  if (noted.length > 0) await tables(tx).$executeRawUnsafe(NOTE, source, JSON.stringify(noted));
}

const INCOMPLETE = `
  SELECT tenant_id AS "tenantId", head::text AS sequence FROM recorded_stream
  WHERE source = $1 AND missing > 0 ORDER BY tenant_id LIMIT 1000`;

const incompleteRows = z.array(z.object({ tenantId: z.string(), sequence: z.string() }));

/** Streams of which something was missing when they were last looked at. */
export async function findIncomplete(tx: AuditTransaction, source: string): Promise<readonly Head[]> {
  return incompleteRows.parse(await tables(tx).$queryRawUnsafe(INCOMPLETE, source));
}

const TOTAL = "SELECT source, sum(missing)::float AS missing FROM recorded_stream WHERE missing > 0 GROUP BY source";

const totalRows = z.array(z.object({ source: z.string(), missing: z.number() }));

export async function countMissing(tx: AuditTransaction): Promise<ReadonlyMap<string, number>> {
  const rows = totalRows.parse(await tables(tx).$queryRawUnsafe(TOTAL));
  return new Map(rows.map(({ source, missing }) => [source, missing]));
}
