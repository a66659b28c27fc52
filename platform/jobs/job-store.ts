/**
 * Statements on runs and chunks. Callers bring a transaction of the platform. All moments are the database's: instances
 * need not agree about the time.
 */
import { z } from "zod";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import { causationSchema, storedCausation } from "../events/stored-causation.ts";
import {
  type ItemFailure,
  itemFailure,
  type JobItem,
  type JobRun,
  JobRunId,
  jobItems,
  jobStatus,
  jobSummary,
  type LeasedChunk,
  runCounts,
} from "./job.ts";

/* Held is what an open run will do, and what one has given up on lately. */
const LOOK = `
  SELECT clock_timestamp() AS now,
    (SELECT max(slot) FROM job_run WHERE job = $1) AS "lastSlot",
    EXISTS (SELECT FROM job_chunk WHERE job = $1 AND due_at IS NOT NULL AND attempts = 0) AS waiting,
    ARRAY (
      SELECT item ->> 'id' FROM job_chunk, jsonb_array_elements(items) AS item
      WHERE job = $1 AND due_at IS NOT NULL
      UNION ALL
      SELECT item ->> 'id' FROM job_chunk, jsonb_array_elements(items) AS item
      WHERE job = $1 AND state = 'FAILED' AND ended_at > clock_timestamp() - make_interval(secs => $2::float8 / 1000)
    ) AS held`;

const looked = z.tuple([
  z.object({ now: z.date(), lastSlot: z.date().nullable(), waiting: z.boolean(), held: z.array(z.string()) }),
]);

export interface JobOutlook {
  readonly now: Date;
  /** Of the newest run; null when there was none. */
  readonly lastSlot: Date | null;
  /** Is there a chunk that nobody has taken yet? */
  readonly waiting: boolean;
  /** Ids of items that a new run must leave alone. */
  readonly held: readonly string[];
}

export async function lookAtJob(tx: SqlTransaction, job: string, setAsideMs: number): Promise<JobOutlook> {
  return looked.parse(await tx.$queryRawUnsafe(LOOK, job, setAsideMs))[0];
}

/** Until the end of the transaction nobody else makes a run of the job. */
export async function lockJob(tx: SqlTransaction, job: string): Promise<void> {
  await tx.$queryRawUnsafe("SELECT pg_advisory_xact_lock(hashtextextended('job ' || $1, 0))::text", job);
}

/** @returns false when the moment has a run already: then nothing is written */
export async function insertRun(
  tx: SqlTransaction,
  run: JobRun,
  chunks: readonly (readonly JobItem[])[],
): Promise<boolean> {
  const row = { ...rowOf(run), id: run.id, job: run.job, slot: run.slot, causation: storedCausation(run.causation) };
  const inserted = await tx.$executeRawUnsafe(
    `INSERT INTO job_run SELECT * FROM json_populate_record(NULL::job_run, $1::json)
     ON CONFLICT (job, slot) DO NOTHING`,
    JSON.stringify({ ...row, chunks_total: run.chunksTotal, items_total: run.itemsTotal, started_at: run.startedAt }),
  );
  if (inserted === 0) return false;
  await tx.$executeRawUnsafe(
    `INSERT INTO job_chunk (run_id, ordinal, job, state, size, items, failures, due_at, attempts, failed_attempts)
     SELECT $1, ordinality - 1, $2, 'WAITING', jsonb_array_length(items), items, '[]', $3::timestamptz, 0, 0
     FROM jsonb_array_elements($4::jsonb) WITH ORDINALITY AS listed (items, ordinality)`,
    run.id,
    run.job,
    run.startedAt.toISOString(),
    JSON.stringify(chunks),
  );
  return true;
}

/** Removes runs that ended longer ago. */
export async function purgeRuns(tx: SqlTransaction, job: string, keepMs: number): Promise<void> {
  await tx.$executeRawUnsafe(
    `DELETE FROM job_run
     WHERE job = $1 AND finished_at < clock_timestamp() - make_interval(secs => $2::float8 / 1000)`,
    job,
    keepMs,
  );
}

/* The oldest run first, so what a crash left behind is taken up before anything newer. */
const CLAIM = `
  UPDATE job_chunk SET state = 'RUNNING', lease = $2::uuid, attempts = attempts + 1,
    due_at = clock_timestamp() + make_interval(secs => $3::float8 / 1000)
  FROM job_run
  WHERE job_run.id = run_id AND (run_id, ordinal) = (
    SELECT run_id, ordinal FROM job_chunk WHERE job = ANY ($1) AND due_at <= clock_timestamp()
    ORDER BY run_id, ordinal LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  RETURNING run_id AS "runId", ordinal, job_chunk.job, size, items, attempts, failed_attempts AS "failedAttempts",
    lease::text, causation`;

const claimed = z.array(
  z.object({
    runId: JobRunId.schema,
    ordinal: z.int(),
    job: z.string(),
    size: z.int(),
    items: jobItems,
    attempts: z.int(),
    failedAttempts: z.int(),
    lease: z.string(),
    causation: causationSchema,
  }),
);

export interface Claim {
  readonly jobs: readonly string[];
  /** New: whoever has it may write of the chunk. */
  readonly lease: string;
  readonly leaseMs: number;
}

/** Takes a chunk that nobody works on, or whose worker gave no sign of life. */
export async function claimChunk(
  tx: SqlTransaction,
  { jobs, lease, leaseMs }: Claim,
): Promise<LeasedChunk | undefined> {
  return claimed.parse(await tx.$queryRawUnsafe(CLAIM, [...jobs], lease, leaseMs)).at(0);
}

type Held = Pick<LeasedChunk, "runId" | "ordinal" | "lease">;

/** Notes what is left to do. @returns false when another instance has taken the chunk: it must be left alone */
export async function renewLease(
  tx: SqlTransaction,
  { runId, ordinal, lease }: Held,
  items: readonly JobItem[],
  leaseMs: number,
): Promise<boolean> {
  const renewed = await tx.$executeRawUnsafe(
    `UPDATE job_chunk SET items = $4::jsonb, due_at = clock_timestamp() + make_interval(secs => $5::float8 / 1000)
     WHERE run_id = $1 AND ordinal = $2::int AND lease = $3::uuid`,
    runId,
    ordinal,
    lease,
    JSON.stringify(items),
    leaseMs,
  );
  return renewed === 1;
}

export interface SettledChunk {
  readonly state: "WAITING" | "DONE" | "FAILED";
  readonly items: readonly JobItem[];
  readonly failures: readonly ItemFailure[];
  readonly attempts: number;
  readonly failedAttempts: number;
  /** Of one that waits. */
  readonly pauseMs: number;
}

/** Ends the lease. @returns false when another instance has taken the chunk */
export async function settleChunk(
  tx: SqlTransaction,
  { runId, ordinal, lease }: Held,
  { state, items, failures, attempts, failedAttempts, pauseMs }: SettledChunk,
): Promise<boolean> {
  const settled = await tx.$executeRawUnsafe(
    `UPDATE job_chunk SET state = $4, items = $5::jsonb, failures = $6::jsonb, lease = NULL, attempts = $7::int,
       failed_attempts = $8::int,
       due_at = CASE WHEN $4 = 'WAITING' THEN clock_timestamp() + make_interval(secs => $9::float8 / 1000) END,
       ended_at = CASE WHEN $4 <> 'WAITING' THEN clock_timestamp() END
     WHERE run_id = $1 AND ordinal = $2::int AND lease = $3::uuid`,
    runId,
    ordinal,
    lease,
    state,
    JSON.stringify(items),
    JSON.stringify(failures),
    attempts,
    failedAttempts,
    pauseMs,
  );
  return settled === 1;
}

const lockedRuns = z.array(
  z.object({
    id: JobRunId.schema,
    job: z.string(),
    slot: z.date(),
    status: jobStatus,
    ...runCounts.shape,
    summary: jobSummary.nullable(),
    causation: causationSchema,
    startedAt: z.date(),
    toldAt: z.date(),
    finishedAt: z.date().nullable(),
    notifiedAt: z.date().nullable(),
    version: z.int(),
  }),
);

/** Holds the run until the end of the transaction: its chunks end one after the other. */
export async function lockRun(tx: SqlTransaction, id: JobRunId): Promise<JobRun | undefined> {
  const rows = await tx.$queryRawUnsafe(
    `SELECT id, job, slot, status, chunks_total AS "chunksTotal", chunks_done AS "chunksDone",
       chunks_failed AS "chunksFailed", items_total AS "itemsTotal", items_done AS "itemsDone",
       items_failed AS "itemsFailed", summary, causation, started_at AS "startedAt", told_at AS "toldAt",
       finished_at AS "finishedAt", notified_at AS "notifiedAt", version
     FROM job_run WHERE id = $1 FOR UPDATE`,
    id,
  );
  return lockedRuns.parse(rows).at(0);
}

const moments = z.tuple([z.object({ now: z.date() })]);

/** What the clock of the database says now. */
export async function readMoment(tx: SqlTransaction): Promise<Date> {
  return moments.parse(await tx.$queryRawUnsafe("SELECT clock_timestamp() AS now"))[0].now;
}

/** Of a run that the transaction holds. */
export async function saveRun(tx: SqlTransaction, run: JobRun): Promise<void> {
  const columns =
    "status, chunks_done, chunks_failed, items_done, items_failed, summary, told_at, finished_at, notified_at, version";
  await tx.$executeRawUnsafe(
    `UPDATE job_run SET (${columns}) = (SELECT ${columns} FROM json_populate_record(NULL::job_run, $2::json))
     WHERE id = $1`,
    run.id,
    JSON.stringify(rowOf(run)),
  );
}

const failureRows = z.array(z.object({ failure: itemFailure }));

/** Why items of a run were given up, in the order of its chunks. */
export async function findFailures(tx: SqlTransaction, id: JobRunId, limit: number): Promise<ItemFailure[]> {
  const rows = await tx.$queryRawUnsafe(
    `SELECT failure FROM job_chunk, jsonb_array_elements(failures) WITH ORDINALITY AS told (failure, position)
     WHERE run_id = $1 AND state = 'FAILED' ORDER BY ordinal, position LIMIT $2::int`,
    id,
    limit,
  );
  return failureRows.parse(rows).map(({ failure }) => failure);
}

function rowOf(run: JobRun) {
  const { status, summary, version } = run;
  return {
    ...{ status, summary, version },
    chunks_done: run.chunksDone,
    chunks_failed: run.chunksFailed,
    items_done: run.itemsDone,
    items_failed: run.itemsFailed,
    told_at: run.toldAt,
    finished_at: run.finishedAt,
    notified_at: run.notifiedAt,
  };
}
