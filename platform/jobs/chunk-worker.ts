/**
 * Works on a chunk of a run. What is left of it is noted as the work goes on, so whoever takes the chunk after a crash
 * goes on there; items done since the last note come again. An item that fails stops no other. The end of a chunk, the
 * count of its run and the event that tells of it are one transaction, and so is the end of the run.
 */
import { PLATFORM } from "../auth/principal-ids.ts";
import { type CommandDeps, type CommandScope, runCommand } from "../database/command.ts";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import { inTenants } from "../database/tenant-transaction.ts";
import { AppError } from "../errors/app-error.ts";
import { systemSleep } from "../events/backoff.ts";
import { isStoreOutage } from "../events/store-outage.ts";
import type { Logger } from "../logger/logger.ts";
import type { ItemFailure, Job, JobItem, JobRun, LeasedChunk } from "./job.ts";
import type { JobEvents } from "./job-messages.ts";
import type { JobPace } from "./job-pace.ts";
import { findFailures, lockRun, readMoment, renewLease, saveRun, settleChunk } from "./job-store.ts";
import { afterAttempt, afterChunk } from "./run-machine.ts";

/** A lease is renewed so often before it would end. */
const RENEWALS_PER_LEASE = 5;
/** A summary names so many failures. */
const MAX_FAILURES = 100;
const MAX_REASON_LENGTH = 200;

export interface ChunkWorkerOptions<Tx extends SqlTransaction> {
  readonly jobs: readonly Job[];
  readonly pace: JobPace;
  readonly events: JobEvents;
  readonly deps: CommandDeps<Tx>;
  readonly logger: Logger;
}

/** @returns works on a chunk until it is settled, or belongs to another instance; from the abort on begins no item */
export type ChunkWorker = (chunk: LeasedChunk, stopping: AbortSignal) => Promise<void>;

export function createChunkWorker<Tx extends SqlTransaction>(options: ChunkWorkerOptions<Tx>): ChunkWorker {
  const { jobs, pace, events, deps, logger } = options;
  const byName = new Map(jobs.map((job) => [job.name, job]));

  return async (chunk, stopping) => {
    const job = byName.get(chunk.job);
    if (job === undefined) throw new Error(`nobody here knows the job ${chunk.job}`);
    const { runId, ordinal } = chunk;
    const work = beginWork(chunk.items);
    if (chunk.attempts > pace.takes) {
      for (const { id } of chunk.items) work.failures.set(id, "Whoever worked on it stopped without a word.");
    } else {
      const lost = await carryOutItems(job, chunk, work, stopping);
      if (lost) return logger.warn({ runId, ordinal }, "a chunk was taken by another instance");
    }
    const { result } = await runCommand(deps, { tenants: [PLATFORM], causation: chunk.causation }, (scope) =>
      settle(scope, chunk, work),
    );
    if (result?.finishedAt == null) return;
    const { status, itemsDone, itemsFailed, summary } = result;
    const facts = { runId, job: job.name, itemsDone, itemsFailed, durationMs: summary?.durationMs };
    if (status === "FAILED") logger.warn(facts, "a run has ended, and not all of it could be done");
    else logger.info(facts, "a run has ended");
  };

  /** @returns whether the chunk was lost meanwhile */
  async function carryOutItems(job: Job, chunk: LeasedChunk, work: Work, stopping: AbortSignal): Promise<boolean> {
    const lost = new AbortController();
    const over = new AbortController();
    const broken = AbortSignal.any([stopping, lost.signal, work.interruption.signal]);
    const renewing = keepLease(chunk, work, { lost, over: over.signal });
    const waiting = chunk.items.values();
    const loop = async () => {
      for (const item of waiting) {
        if (broken.aborted) return;
        await carryOutItem(job, chunk, item, work);
      }
    };
    await Promise.all(Array.from({ length: pace.itemsAtOnce }, loop));
    over.abort();
    await renewing;
    if (stopping.aborted) work.interruption.abort();
    return lost.signal.aborted;
  }

  async function carryOutItem(job: Job, { runId }: LeasedChunk, item: JobItem, work: Work): Promise<void> {
    try {
      await job.carryOut(item);
      work.left.delete(item.id);
    } catch (error) {
      logger.warn({ err: error, runId, item: item.id }, "an item of a run failed");
      if (isPassing(error)) work.interruption.abort();
      else work.failures.set(item.id, reasonOf(error));
    }
  }

  async function keepLease(chunk: LeasedChunk, work: Work, { lost, over }: Lease): Promise<void> {
    for (;;) {
      await systemSleep(pace.leaseMs / RENEWALS_PER_LEASE, over);
      if (over.aborted) return;
      try {
        const left = [...work.left.values()];
        const renewed = await inTenants(deps.database, [PLATFORM], (tx) => renewLease(tx, chunk, left, pace.leaseMs));
        if (renewed) continue;
        return lost.abort();
      } catch (error) {
        // Tried again; when the lease ends before that, another instance takes the chunk.
        logger.warn({ err: error, runId: chunk.runId }, "the lease of a chunk was not renewed");
      }
    }
  }

  /** @returns the run when this ended the chunk */
  async function settle(
    { tx, emit }: CommandScope<Tx>,
    chunk: LeasedChunk,
    { left, failures, interruption }: Work,
  ): Promise<JobRun | undefined> {
    const attempt = { left: left.size, interrupted: interruption.signal.aborted };
    const end = afterAttempt(chunk, attempt, pace);
    const told = [...failures].map(([item, reason]): ItemFailure => ({ item, reason }));
    const items = [...left.values()];
    const pauseMs = end.state === "WAITING" ? end.pauseMs : 0;
    const settled = { ...end, items, failures: told, pauseMs };
    if (!(await settleChunk(tx, chunk, settled)) || end.state === "WAITING") return undefined;
    const run = await lockRun(tx, chunk.runId);
    if (run === undefined) throw new Error(`the run ${chunk.runId} has gone`);
    const counted = { done: chunk.size - left.size, failed: left.size };
    const progress = afterChunk(run, counted, await readMoment(tx), pace.tellMs);
    const after: JobRun = { ...progress.run, summary: null };
    if (progress.tell !== "FINISHED") {
      await saveRun(tx, after);
      if (progress.tell === "PROGRESSED") emit(events.progressed(after));
      return after;
    }
    const ended: JobRun = {
      ...after,
      summary: {
        durationMs: Math.max(0, after.toldAt.getTime() - after.startedAt.getTime()),
        failures: await findFailures(tx, run.id, MAX_FAILURES),
      },
    };
    await saveRun(tx, ended);
    emit(events.finished(ended));
    return ended;
  }
}

interface Lease {
  readonly lost: AbortController;
  readonly over: AbortSignal;
}

/** How far this attempt at a chunk is. */
interface Work {
  readonly left: Map<string, JobItem>;
  /** Why items of it failed, by id. */
  readonly failures: Map<string, string>;
  /** Aborted: the rest is for another attempt. */
  readonly interruption: AbortController;
}

function beginWork(items: readonly JobItem[]): Work {
  return {
    left: new Map(items.map((item) => [item.id, item])),
    failures: new Map(),
    interruption: new AbortController(),
  };
}

/** It says nothing about the item: it is the store, or there is too much to do at the moment. */
function isPassing(error: unknown): boolean {
  return isStoreOutage(error) || (error instanceof AppError && error.code === "SERVICE_UNAVAILABLE");
}

/** What is published and kept for good tells no more than a client would be told; the log has the rest. */
function reasonOf(error: unknown): string {
  const text = error instanceof AppError ? error.message : `It failed (${errorName(error)}); the log has the details.`;
  return text.slice(0, MAX_REASON_LENGTH);
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
