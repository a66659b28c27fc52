/** A run of any subgraph's job, as operators see it. */
import type { JobRun as Run } from "../../../platform/jobs/job.ts";
import { JobStatus } from "../../../schema/generated/audit.ts";

export { JobStatus };

export interface JobRun extends Omit<Run, "slot" | "status" | "causation" | "toldAt"> {
  /** The subgraph whose job it is. */
  readonly service: string;
  readonly status: JobStatus;
}
