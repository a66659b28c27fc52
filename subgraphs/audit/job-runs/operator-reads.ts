/** Reads of jobs' runs, which span tenants: for operators. */
import { JobRunId } from "../../../platform/jobs/job.ts";
import type { AuditContext } from "../context.ts";
import type { JobRun } from "../domain/job-run.ts";
import { operatorReader } from "../operator/operator-reader.ts";
import { findJobRuns } from "../store/job-runs.ts";

/** @returns null for what does not exist, and for everybody but operators */
export async function operatedRun(context: AuditContext, text: string): Promise<JobRun | null> {
  const read = operatorReader(context);
  const id = JobRunId.from(text);
  if (read === undefined || id === undefined) return null;
  const [run] = await read((tx) => findJobRuns(tx, [id]));
  return run ?? null;
}
