/** A partition while a group member owns it: reads it forward, stores its commits, ends without losing either. */
import type { Logger } from "pino";
import { backoffMs, systemSleep } from "../backoff.ts";
import type { GroupConsumeOptions } from "../event-log.ts";
import type { HeadWatcher } from "./head-watcher.ts";
import type { LogStore } from "./log-store.ts";
import { createPartitionReader } from "./partition-reader.ts";

export interface AssignOptions {
  readonly store: LogStore;
  readonly watcher: HeadWatcher;
  readonly consume: GroupConsumeOptions;
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  readonly logger: Logger;
}

export interface AssignedPartition {
  /** Resolves when no callback runs any more and the last commit was tried. Idempotent. */
  release(): Promise<void>;
  /** The consumer rejected a delivery: the partition should be assigned anew. */
  failed(): boolean;
}

const COMMIT_RETRY = { baseMs: 100, capMs: 2_000 };

export function assignPartition(options: AssignOptions): AssignedPartition {
  const { store, watcher, consume, topic, partition } = options;
  const logger = options.logger.child({ topic, partition });
  const abort = new AbortController();
  let rejected = false;
  let wanted = options.from;
  let stored = options.from;
  let storing: Promise<void> | undefined;
  let released: Promise<void> | undefined;

  /** Commits that arrive during a write become one further write. */
  async function writeCommits(): Promise<void> {
    let failures = 0;
    while (wanted > stored) {
      const next = wanted;
      try {
        await store.commit(consume.group, topic, partition, next);
        stored = next;
        failures = 0;
      } catch (error) {
        // On the way out one try is enough: the records come again, the inbox knows them.
        if (abort.signal.aborted) return;
        failures += 1;
        if (failures === 1) logger.warn({ err: error }, "commit not stored, trying again");
        await systemSleep(backoffMs(COMMIT_RETRY, failures), abort.signal);
      }
    }
  }

  function flush(): void {
    storing ??= writeCommits().finally(() => {
      storing = undefined;
    });
  }

  const consumer = consume.onAssigned({
    topic,
    partition,
    signal: abort.signal,
    commit(next) {
      if (next <= wanted) return;
      wanted = next;
      flush();
    },
  });
  const reader = createPartitionReader({
    store,
    topic,
    partition,
    from: options.from,
    signal: abort.signal,
    deliver: (records) => consumer.deliver(records),
    onGap: (problem) => logger.error({ err: problem }, "records were lost before this group read them"),
    onRejected(error) {
      rejected = true;
      logger.error({ err: error }, "delivery rejected, the partition is read again from its last commit");
    },
  });
  const unwatch = watcher.watch({
    topic,
    onRange: (range) => range.partition === partition && reader.notice(range),
    onOutage: () => undefined,
  });

  async function end(): Promise<void> {
    abort.abort();
    unwatch();
    await reader.done();
    await consumer.drain();
    await storing;
    if (wanted > stored) await writeCommits();
  }

  return {
    release() {
      released ??= end();
      return released;
    },
    failed: () => rejected,
  };
}
