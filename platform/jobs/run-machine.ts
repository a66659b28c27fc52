/** What becomes of a chunk that was worked on, and of its run. Pure: the rows and events follow from it. */
import { backoffMs } from "../events/backoff.ts";
import type { JobRun, LeasedChunk } from "./job.ts";
import type { JobPace } from "./job-pace.ts";

/** How far one attempt at a chunk came. */
export interface ChunkAttempt {
  /** Items that are not done. */
  readonly left: number;
  /** The attempt was broken off: this instance stops, or its store is away. It says nothing about the items. */
  readonly interrupted: boolean;
}

export type ChunkEnd =
  | { readonly state: "DONE" | "FAILED"; readonly attempts: number; readonly failedAttempts: number }
  | {
      readonly state: "WAITING";
      readonly attempts: number;
      readonly failedAttempts: number;
      /** Not to be taken before so many milliseconds are over. */
      readonly pauseMs: number;
    };

export function afterAttempt(
  { attempts, failedAttempts }: Pick<LeasedChunk, "attempts" | "failedAttempts">,
  { left, interrupted }: ChunkAttempt,
  { retry, takes }: Pick<JobPace, "retry" | "takes">,
  random: () => number = Math.random,
): ChunkEnd {
  if (left === 0) return { state: "DONE", attempts, failedAttempts };
  if (attempts > takes) return { state: "FAILED", attempts, failedAttempts };
  if (interrupted) return { state: "WAITING", attempts: attempts - 1, failedAttempts, pauseMs: retry.baseMs };
  const failed = failedAttempts + 1;
  if (failed >= retry.attempts) return { state: "FAILED", attempts, failedAttempts: failed };
  return { state: "WAITING", attempts, failedAttempts: failed, pauseMs: backoffMs(retry, failed, random) };
}

/** What a chunk that has ended adds to its run. */
export interface EndedChunk {
  readonly done: number;
  readonly failed: number;
}

export interface RunProgress {
  readonly run: Omit<JobRun, "summary">;
  /** What to publish; undefined: the last event is too recent. */
  readonly tell: "PROGRESSED" | "FINISHED" | undefined;
}

/** @param now of the database, whose time all instances share */
export function afterChunk(
  run: Omit<JobRun, "summary">,
  { done, failed }: EndedChunk,
  now: Date,
  tellMs: number,
): RunProgress {
  const counted = {
    ...run,
    chunksDone: run.chunksDone + (failed === 0 ? 1 : 0),
    chunksFailed: run.chunksFailed + (failed === 0 ? 0 : 1),
    itemsDone: run.itemsDone + done,
    itemsFailed: run.itemsFailed + failed,
    version: run.version + 1,
  };
  if (counted.chunksDone + counted.chunksFailed < run.chunksTotal) {
    if (now.getTime() - run.toldAt.getTime() < tellMs) return { run: counted, tell: undefined };
    return { run: { ...counted, toldAt: now }, tell: "PROGRESSED" };
  }
  const status = counted.itemsFailed === 0 ? ("COMPLETED" as const) : ("FAILED" as const);
  return { run: { ...counted, status, toldAt: now, finishedAt: now, notifiedAt: now }, tell: "FINISHED" };
}
