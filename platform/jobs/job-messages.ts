/** What subgraphs say of their jobs' runs, as data of events: `<subgraph>.job.started.v1` and so on. */
import { z } from "zod";
import type { DomainEvent } from "../events/envelope.ts";
import { itemFailure, type JobRun, JobRunId, jobStatus, runCounts } from "./job.ts";

/** Of each of them. */
const runState = z.object({
  runId: JobRunId.schema,
  job: z.string(),
  status: jobStatus,
  ...runCounts.shape,
  startedAt: z.coerce.date(),
});

/** What the last one has beside it. */
const runEnd = z.object({
  finishedAt: z.coerce.date(),
  durationMs: z.int(),
  failures: z.array(itemFailure),
});

/** Reads the data of any of them. */
export const runMessage = runState.extend(runEnd.partial().shape);

/** A subgraph's events, as it publishes them: owned by the platform, since a run spans tenants. */
export interface JobEvents {
  started(run: JobRun): DomainEvent;
  progressed(run: JobRun): DomainEvent;
  /** The one notification of a run's end. */
  finished(run: JobRun): DomainEvent;
}

const TYPE = /^([a-z]+)\.job\.(?:started|progressed|finished)\.v1$/;

/** The subgraph whose job an event of this type tells of; undefined for every other type. */
export function jobServiceOf(type: string): string | undefined {
  return TYPE.exec(type)?.[1];
}

/** Of a run that is under way: for `started` and `progressed`. */
export function stateOf(run: JobRun) {
  return { ...countsOf(run), status: "RUNNING" as const };
}

function countsOf(run: JobRun) {
  const { id: runId, job, chunksTotal, chunksDone, chunksFailed, itemsTotal, itemsDone, itemsFailed } = run;
  return {
    ...{ runId, job, chunksTotal, chunksDone, chunksFailed, itemsTotal, itemsDone, itemsFailed },
    startedAt: run.startedAt.toISOString(),
  };
}

/** For `finished`. @throws Error for a run that has not ended */
export function endOf(run: JobRun) {
  const { status, finishedAt, summary } = run;
  if (status === "RUNNING" || finishedAt === null || summary === null)
    throw new Error(`the run ${run.id} has not ended`);
  const { durationMs, failures } = summary;
  return { ...countsOf(run), status, finishedAt: finishedAt.toISOString(), durationMs, failures: [...failures] };
}
