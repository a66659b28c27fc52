/**
 * A job is work on many things, done in runs: what is due is listed once, split into chunks, carried out by as many
 * instances as there are, and reported once. These are its parts as they are stored and told.
 */
import { z } from "zod";
import { requireTenantId, type TenantId } from "../auth/principal-ids.ts";
import type { Causation } from "../events/envelope.ts";
import { type Id, idKind } from "../ids.ts";
import type { Schedule } from "./schedule.ts";

export const JobRunId = idKind("job");
export type JobRunId = Id<"job">;

export const jobStatus = z.enum(["RUNNING", "COMPLETED", "FAILED"]);
export type JobStatus = z.infer<typeof jobStatus>;

/** One thing to do. Of a job, no two that are due at once have the same id. */
export interface JobItem {
  readonly id: string;
  /** Whose rows it is about. */
  readonly tenantId: TenantId;
}

export const jobItems = z.array(z.object({ id: z.string(), tenantId: z.string().transform(requireTenantId) }));

export const itemFailure = z.object({ item: z.string(), reason: z.string() });
/** Why an item was not done, for people. */
export type ItemFailure = z.infer<typeof itemFailure>;

export const jobSummary = z.object({
  /** From the start of the run to its end, in milliseconds. */
  durationMs: z.int().nonnegative(),
  /** The first hundred; how many there are tells the run. */
  failures: z.array(itemFailure),
});
export type JobSummary = z.infer<typeof jobSummary>;

/** Which items to list. */
export interface DueQuery {
  /** Ids of those that another run holds, or has just given up on. */
  readonly except: readonly string[];
  /** How many at most. */
  readonly limit: number;
}

/** How far a run is. */
export const runCounts = z.object({
  chunksTotal: z.int(),
  chunksDone: z.int(),
  /** Chunks of which something could not be done. */
  chunksFailed: z.int(),
  itemsTotal: z.int(),
  itemsDone: z.int(),
  itemsFailed: z.int(),
});
export type RunCounts = Readonly<z.infer<typeof runCounts>>;

export interface Job {
  /** As operators see it. Never change it while a run is open, or nobody goes on with that. */
  readonly name: string;
  readonly schedule: Schedule;
  /** What is due now. Called for each moment of the schedule, so it costs little where nothing is. */
  list(query: DueQuery): Promise<readonly JobItem[]>;
  /**
   * Does it once, however often it is asked for: a crash asks again. Nothing is to do any more: it resolves. Rejects
   * when it could not be done: then it is tried again later.
   */
  carryOut(item: JobItem): Promise<void>;
}

export interface JobRun extends RunCounts {
  readonly id: JobRunId;
  readonly job: string;
  /** The moment of the schedule that it is for. */
  readonly slot: Date;
  readonly status: JobStatus;
  /** What it ended with; null before. */
  readonly summary: JobSummary | null;
  /** Of all its events. */
  readonly causation: Causation;
  readonly startedAt: Date;
  /** When an event last told of it. */
  readonly toldAt: Date;
  readonly finishedAt: Date | null;
  /** When its end was published. */
  readonly notifiedAt: Date | null;
  /** Rises with every change. */
  readonly version: number;
}

/** A part of a run that this instance may work on until its lease ends. */
export interface LeasedChunk {
  readonly runId: JobRunId;
  /** From 0, in the order of the list. */
  readonly ordinal: number;
  readonly job: string;
  /** How many items it began with. */
  readonly size: number;
  /** What is left of them. */
  readonly items: readonly JobItem[];
  /** How often it was taken, this time included. */
  readonly attempts: number;
  /** How often something of it failed. */
  readonly failedAttempts: number;
  readonly lease: string;
  readonly causation: Causation;
}
