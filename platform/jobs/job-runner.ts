/**
 * Runs a subgraph's jobs over tables of its own database: one planner per job and some workers, in every instance. Any
 * of them may die at any point: the rows say what is left, and whoever is there goes on with it.
 */
import { randomUUID } from "node:crypto";
import { PLATFORM } from "../auth/principal-ids.ts";
import type { CommandDeps } from "../database/command.ts";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import { inTenants } from "../database/tenant-transaction.ts";
import type { IdSource } from "../ids.ts";
import type { LifecyclePart } from "../lifecycle/lifecycle.ts";
import { createPollingWorker } from "../lifecycle/polling-worker.ts";
import type { Logger } from "../logger/logger.ts";
import { createChunkWorker } from "./chunk-worker.ts";
import type { Job, LeasedChunk } from "./job.ts";
import type { JobEvents } from "./job-messages.ts";
import { DEFAULT_PACE, type JobPace } from "./job-pace.ts";
import { createJobPlanner } from "./job-planner.ts";
import { claimChunk } from "./job-store.ts";

const RETRY_CAP_MS = 30_000;

export interface JobRunnerOptions<Tx extends SqlTransaction> {
  /** Of the part. */
  readonly name: string;
  readonly jobs: readonly Job[];
  readonly events: JobEvents;
  readonly deps: CommandDeps<Tx>;
  readonly ids: IdSource;
  readonly logger: Logger;
  readonly pace?: Partial<JobPace>;
}

/** Its stop lets items that are under way end, and gives the rest of their chunks back. */
export function createJobRunner<Tx extends SqlTransaction>(options: JobRunnerOptions<Tx>): LifecyclePart {
  const { name, jobs, events, deps, ids } = options;
  const logger = options.logger.child({ component: "jobs" });
  const pace = { ...DEFAULT_PACE, ...options.pace };
  const names = jobs.map((job) => job.name);
  const work = createChunkWorker({ jobs, pace, events, deps, logger });
  let stopping = new AbortController();

  async function findChunk(): Promise<readonly LeasedChunk[]> {
    if (stopping.signal.aborted) return [];
    const claim = { jobs: names, lease: randomUUID(), leaseMs: pace.leaseMs };
    const chunk = await inTenants(deps.database, [PLATFORM], (tx, end) => {
      end.commitWithNext();
      return claimChunk(tx, claim);
    });
    return chunk === undefined ? [] : [chunk];
  }

  const workers = Array.from({ length: pace.chunksAtOnce }, (_, n) =>
    createPollingWorker({
      name: `${name} ${n + 1}`,
      pollMs: pace.pollMs,
      retryCapMs: RETRY_CAP_MS,
      batch: 1,
      find: findChunk,
      carryOut: (chunk) => work(chunk, stopping.signal),
      logger,
      interrupted: "work on a run was interrupted, it goes on trying",
    }),
  );
  const planners = jobs.map((job) => createJobPlanner({ job, pace, events, deps, ids, logger }));
  const parts = [...planners, ...workers];

  return {
    name,
    async start() {
      stopping = new AbortController();
      for (const part of parts) await part.start?.();
    },
    leave() {
      stopping.abort();
    },
    async stop() {
      stopping.abort();
      await Promise.all(parts.map((part) => part.stop?.()));
    },
  };
}
