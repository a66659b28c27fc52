/** Deletes old records of every topic in small batches, so that appends never wait long for a partition's row. */
import type { Logger } from "pino";
import { systemSleep } from "../backoff.ts";
import type { LogStore } from "./log-store.ts";

export interface RetentionOptions {
  readonly store: LogStore;
  readonly logger: Logger;
  readonly maxAgeMs: number;
  readonly everyMs?: number;
}

const BATCH = 1_000;

export function startRetention({ store, logger, maxAgeMs, everyMs = 60_000 }: RetentionOptions): {
  stop(): Promise<void>;
} {
  const abort = new AbortController();

  async function purgeAll(): Promise<void> {
    const before = new Date(Date.now() - maxAgeMs);
    for (const { topic, partition } of await store.partitions()) {
      let deleted = BATCH;
      while (deleted === BATCH && !abort.signal.aborted) deleted = await store.purge(topic, partition, before, BATCH);
    }
  }

  async function run(): Promise<void> {
    while (!abort.signal.aborted) {
      try {
        await purgeAll();
      } catch (error) {
        logger.warn({ err: error, component: "event-log" }, "old records not deleted, trying again later");
      }
      await systemSleep(everyMs, abort.signal);
    }
  }

  const done = run();
  return {
    async stop() {
      abort.abort();
      await done;
    },
  };
}
