/**
 * The `EventLog` over Postgres: durable, needs nothing but the database that the embedded platform has anyway.
 * A partition's row lock orders its appends by commit, so readers see every record, in order, exactly where it is.
 */
import type { Logger } from "pino";
import { AppError } from "../errors/app-error.ts";
import type { EventLog, LogReader, TailOptions } from "./event-log.ts";
import { createGroupMember } from "./postgres/group-member.ts";
import { createHeadWatcher } from "./postgres/head-watcher.ts";
import { createLogStore } from "./postgres/log-store.ts";
import { createPartitionReader, type PartitionReader } from "./postgres/partition-reader.ts";
import { startRetention } from "./postgres/retention.ts";

export interface PostgresEventLogOptions {
  /** Address of the event database with its `_app` role. */
  readonly connectionString: string;
  readonly logger: Logger;
  /** Partitions of the topics that this instance creates. */
  readonly partitions?: number;
  /** Longest wait for a record whose notification was lost, in milliseconds. */
  readonly pollMs?: number;
  /** How often group members look at who holds what, in milliseconds. */
  readonly rebalanceMs?: number;
  readonly poolSize?: number;
  readonly retention?: {
    /** Older records are deleted. */
    readonly maxAgeMs: number;
    /** Pause between two purges, in milliseconds. */
    readonly everyMs?: number;
  };
}

export function createPostgresEventLog(options: PostgresEventLogOptions): EventLog {
  const { connectionString, logger, partitions = 4, pollMs = 200, rebalanceMs = 1_000, poolSize = 6 } = options;
  const readers = new Set<LogReader>();
  let opened: ReturnType<typeof open> | undefined;

  function open() {
    const store = createLogStore({ connectionString, poolSize });
    const watcher = createHeadWatcher(connectionString, pollMs);
    watcher.start();
    const retention =
      options.retention === undefined ? undefined : startRetention({ store, logger, ...options.retention });
    return { store, watcher, retention };
  }

  function parts() {
    if (opened === undefined) throw new AppError("EVENT_LOG_UNAVAILABLE", "The event log was not started.");
    return opened;
  }

  function trackReader(reader: LogReader): LogReader {
    readers.add(reader);
    return {
      async stop() {
        readers.delete(reader);
        await reader.stop();
      },
    };
  }

  async function close(): Promise<void> {
    const closing = opened;
    opened = undefined;
    if (closing === undefined) return;
    await Promise.all([...readers].map((reader) => reader.stop()));
    readers.clear();
    await closing.retention?.stop();
    await closing.watcher.stop();
    await closing.store.end();
  }

  async function tail({ topic, from, onRecords, onInterruption, onGap }: TailOptions): Promise<LogReader> {
    const { store, watcher } = parts();
    const abort = new AbortController();
    const running = new Map<number, PartitionReader>();
    for (const { partition, low, high } of await store.ranges(topic)) {
      const reader = createPartitionReader({
        store,
        topic,
        partition,
        from: from === "end" ? high : (from.get(partition) ?? low),
        signal: abort.signal,
        deliver: (records) => onRecords(partition, records),
        onGap(problem, lowestOffset) {
          onGap?.(partition, lowestOffset);
          onInterruption?.(problem);
        },
        onRejected(error) {
          logger.error({ err: error, topic, partition }, "a tail's callback failed, the tail has stopped");
          onInterruption?.(new Error("the tail's callback failed", { cause: error }));
        },
      });
      running.set(partition, reader);
    }
    const unwatch = watcher.watch({
      topic,
      onRange: (range) => running.get(range.partition)?.notice(range),
      onOutage: (reason) => onInterruption?.(reason),
    });
    return trackReader({
      async stop() {
        abort.abort();
        unwatch();
        await Promise.all([...running.values()].map((reader) => reader.done()));
      },
    });
  }

  return {
    async start() {
      opened ??= open();
      try {
        await opened.store.ping();
      } catch (error) {
        await close();
        throw error;
      }
    },
    stop: close,
    ensureTopics: async (topics) => parts().store.ensureTopics(topics, partitions),
    append: async (topic, records) => parts().store.append(topic, records),
    async consume(consume) {
      const { store, watcher } = parts();
      for (const topic of consume.topics) await store.ranges(topic);
      return trackReader(createGroupMember({ connectionString, store, watcher, consume, logger, rebalanceMs }));
    },
    tail,
    async read({ topic, partition, from, limit }) {
      const page = await parts().store.page(topic, partition, from, limit);
      if (from < page.low) {
        throw new AppError(
          "OFFSET_OUT_OF_RANGE",
          `Offset ${from} of ${topic}/${partition} is no longer kept; the first is ${page.low}.`,
        );
      }
      return page.records;
    },
    ranges: async (topic) => parts().store.ranges(topic),
    epoch: async (topic) => parts().store.epoch(topic),
    partitionOf: async (topic, key) => parts().store.partitionOf(topic, key),
    committed: async (group, topic) => parts().store.committed(group, topic),
    check: async () => parts().store.ping(),
  };
}
