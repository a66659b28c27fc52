/** Statements on runs of jobs. Callers bring a transaction of the platform: no tenant's sees one. */
import { keysetById, type RowPage } from "../../../platform/database/keyset.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import { JobRunId, jobSummary } from "../../../platform/jobs/job.ts";
import type { RecordedRunModel } from "../../../prisma/audit/generated/models/RecordedRun.ts";
import { type JobRun, JobStatus } from "../domain/job-run.ts";
import type { AuditTransaction } from "./database.ts";
import { tables } from "./tables.ts";

const summary = jobSummary.nullable();

function toJobRun(row: RecordedRunModel): JobRun {
  return {
    ...row,
    id: JobRunId.require(row.id),
    status: storedEnum(JobStatus, row.status),
    summary: summary.parse(row.summary),
  };
}

/* A run's events come in order; one that comes again later changes nothing. */
const STORE = `
  INSERT INTO recorded_run AS run (id, service, job, status, chunks_total, chunks_done, chunks_failed, items_total,
    items_done, items_failed, summary, started_at, finished_at, notified_at, version)
  SELECT id, service, job, status, "chunksTotal", "chunksDone", "chunksFailed", "itemsTotal", "itemsDone",
    "itemsFailed", summary, "startedAt", "finishedAt", "notifiedAt", version
  FROM json_to_record($1::json) AS told (
    id text, service text, job text, status text, "chunksTotal" int, "chunksDone" int, "chunksFailed" int,
    "itemsTotal" int, "itemsDone" int, "itemsFailed" int, summary jsonb, "startedAt" timestamptz,
    "finishedAt" timestamptz, "notifiedAt" timestamptz, version int
  )
  ON CONFLICT (id) DO UPDATE SET
    status = EXCLUDED.status, chunks_done = EXCLUDED.chunks_done, chunks_failed = EXCLUDED.chunks_failed,
    items_done = EXCLUDED.items_done, items_failed = EXCLUDED.items_failed, summary = EXCLUDED.summary,
    finished_at = EXCLUDED.finished_at, notified_at = EXCLUDED.notified_at, version = EXCLUDED.version
  WHERE run.version < EXCLUDED.version`;

/** @returns false when something as new of the run is stored already */
export async function storeJobRun(tx: AuditTransaction, run: JobRun): Promise<boolean> {
  return (await tables(tx).$executeRawUnsafe(STORE, JSON.stringify(run))) === 1;
}

export async function findJobRuns(tx: AuditTransaction, ids: readonly JobRunId[]): Promise<JobRun[]> {
  const rows = await tables(tx).recordedRun.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toJobRun);
}

/** Newest first. */
export async function pageJobRuns(tx: AuditTransaction, page: Page): Promise<RowPage<JobRun>> {
  const { where, orderBy, take } = keysetById(page, "descending");
  const { recordedRun } = tables(tx);
  const rows = await recordedRun.findMany({ where, orderBy, take });
  return { rows: rows.map(toJobRun), totalCount: page.counted ? await recordedRun.count() : null };
}
