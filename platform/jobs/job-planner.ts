/**
 * Makes runs: at each moment of a job's schedule it looks whether something is due, and only then lists all of it, once
 * and under a lock, splits it, and says that a run has started. A moment at which nothing is due writes nothing. While
 * chunks wait for their first turn no run is made: what became due meanwhile comes with the next one.
 */
import { PLATFORM } from "../auth/principal-ids.ts";
import { type CommandDeps, type CommandScope, runCommand } from "../database/command.ts";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import { readInTenants } from "../database/tenant-transaction.ts";
import type { Causation } from "../events/envelope.ts";
import { causedByService } from "../events/service-causation.ts";
import type { IdSource } from "../ids.ts";
import type { LifecyclePart } from "../lifecycle/lifecycle.ts";
import { createPollingWorker } from "../lifecycle/polling-worker.ts";
import type { Logger } from "../logger/logger.ts";
import { inChunks } from "./chunking.ts";
import type { Job, JobRun } from "./job.ts";
import type { JobEvents } from "./job-messages.ts";
import type { JobPace } from "./job-pace.ts";
import { insertRun, type JobOutlook, lockJob, lookAtJob, purgeRuns } from "./job-store.ts";
import { slotClock } from "./schedule.ts";

const RETRY_CAP_MS = 60_000;

export interface JobPlannerOptions<Tx extends SqlTransaction> {
  readonly job: Job;
  readonly pace: JobPace;
  readonly events: JobEvents;
  readonly deps: CommandDeps<Tx>;
  readonly ids: IdSource;
  readonly logger: Logger;
}

/** Any number of instances may run one: the database decides who makes a run. */
export function createJobPlanner<Tx extends SqlTransaction>(options: JobPlannerOptions<Tx>): LifecyclePart {
  const { job, pace, events, deps, ids, logger } = options;
  const slotAt = slotClock(job.schedule);
  /** The last moment at which nothing was due: it is not looked at again. */
  let idleSlot: Date | undefined;

  /** The moment that wants a run. */
  function slotOf({ now, lastSlot, waiting }: JobOutlook): Date | undefined {
    const slot = slotAt(now);
    if (waiting || slot === undefined || (lastSlot !== null && slot <= lastSlot)) return undefined;
    return slot;
  }

  async function findSlot(): Promise<readonly Date[]> {
    const outlook = await readInTenants(deps.database, [PLATFORM], (tx) => lookAtJob(tx, job.name, pace.setAsideMs));
    const slot = slotOf(outlook);
    if (slot === undefined || slot.getTime() === idleSlot?.getTime()) return [];
    const [first] = await job.list({ except: outlook.held, limit: 1 });
    if (first !== undefined) return [slot];
    idleSlot = slot;
    return [];
  }

  async function makeRun({ tx, emit }: CommandScope<Tx>, causation: Causation): Promise<JobRun | undefined> {
    await lockJob(tx, job.name);
    const outlook = await lookAtJob(tx, job.name, pace.setAsideMs);
    const slot = slotOf(outlook);
    if (slot === undefined) return undefined;
    const items = await job.list({ except: outlook.held, limit: pace.itemsPerRun });
    if (items.length === 0) return undefined;
    const chunks = inChunks(items, pace.itemsPerChunk);
    const run: JobRun = {
      id: ids.next("job"),
      job: job.name,
      slot,
      status: "RUNNING",
      chunksTotal: chunks.length,
      chunksDone: 0,
      chunksFailed: 0,
      itemsTotal: items.length,
      itemsDone: 0,
      itemsFailed: 0,
      summary: null,
      causation,
      startedAt: outlook.now,
      toldAt: outlook.now,
      finishedAt: null,
      notifiedAt: null,
      version: 1,
    };
    if (!(await insertRun(tx, run, chunks))) return undefined;
    await purgeRuns(tx, job.name, pace.keepMs);
    emit(events.started(run));
    return run;
  }

  return createPollingWorker({
    name: `job ${job.name}`,
    pollMs: pace.pollMs,
    retryCapMs: RETRY_CAP_MS,
    batch: 1,
    find: findSlot,
    async carryOut() {
      const causation = causedByService(job.name);
      const { result } = await runCommand(deps, { tenants: [PLATFORM], causation }, (scope) =>
        makeRun(scope, causation),
      );
      if (result === undefined) return;
      const { id, itemsTotal, chunksTotal } = result;
      logger.info({ runId: id, job: job.name, items: itemsTotal, chunks: chunksTotal }, "a run has started");
    },
    logger,
    interrupted: "looking for what is due was interrupted, it goes on trying",
  });
}
