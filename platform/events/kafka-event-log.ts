/**
 * The `EventLog` over Kafka 3.1 or newer, by kafkajs 2.2.4 (frozen; its known faults and their guards are named where
 * they are met). Groups are Kafka consumer groups; tails and reads go straight to the partitions' leaders.
 *
 * Adding partitions moves most keys to other partitions, and then a key's later records may overtake its earlier ones:
 * stop the producers and let every group read to the end first.
 */
import { AppError } from "../errors/app-error.ts";
import { systemSleep } from "./backoff.ts";
import type { EventLog, LogPositions, LogReader, LogRecord, TailOptions } from "./event-log.ts";
import { createAppendQueue } from "./kafka/append-queue.ts";
import { startGroupMember } from "./kafka/group-supervisor.ts";
import { createGuardedSockets } from "./kafka/guarded-sockets.ts";
import { isBroken, kafkaErrorType, translateKafkaFailure } from "./kafka/kafka-failure.ts";
import { createKafkaClient, type KafkaConnection, METADATA_FRESH_MS } from "./kafka/kafka-settings.ts";
import { dropNegativeTimerWarnings } from "./kafka/negative-timer-warning.ts";
import { createPartitionFetcher, type PartitionFetcher } from "./kafka/partition-fetcher.ts";
import { startTail } from "./kafka/tail-loop.ts";
import { createCommittedReader, createMissingTopics } from "./kafka/topic-admin.ts";
import { partitionForKey } from "./partitioner.ts";

export interface KafkaEventLogOptions extends KafkaConnection {
  /** Copies of every record; production wants 3, of which 2 must acknowledge. */
  readonly replicationFactor: number;
  /** Partitions of the topics that this instance creates. */
  readonly partitions?: number;
  /** Age at which records of those topics are deleted, in milliseconds. Default 7 days. */
  readonly retentionMs?: number;
}

const WEEK_MS = 7 * 24 * 3_600_000;
const READ_WAIT_MS = 10;
const REACHED_WITHIN_MS = 10_000;
const REACH_AGAIN_MS = 200;

export function createKafkaEventLog(options: KafkaEventLogOptions): EventLog {
  const { logger, replicationFactor, partitions = 4, retentionMs = WEEK_MS } = options;
  const connection = { ...options, sockets: createGuardedSockets() };
  const readers = new Set<LogReader>();
  const counts = new Map<string, { readonly count: number; readonly until: number }>();
  let opened: ReturnType<typeof open> | undefined;

  function open() {
    const kafka = createKafkaClient(connection);
    return {
      kafka,
      queue: createAppendQueue(kafka),
      fetcher: createPartitionFetcher(connection),
      commits: createCommittedReader(kafka),
    };
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

  async function translated<R>(topic: string | undefined, work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      throw translateKafkaFailure(error, topic);
    }
  }

  /** A start need not fail because a broker was busy with starting, too. */
  async function reached<R>(work: () => Promise<R>): Promise<R> {
    const until = Date.now() + REACHED_WITHIN_MS;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isBroken(error) || Date.now() > until) throw error;
        await systemSleep(REACH_AGAIN_MS);
      }
    }
  }

  async function partitionCount(topic: string): Promise<number> {
    const cachedCount = counts.get(topic);
    if (cachedCount !== undefined && cachedCount.until > Date.now()) return cachedCount.count;
    const { size } = await parts().fetcher.leaders(topic);
    counts.set(topic, { count: size, until: Date.now() + METADATA_FRESH_MS });
    return size;
  }

  async function close(): Promise<void> {
    const closing = opened;
    opened = undefined;
    if (closing === undefined) return;
    await Promise.all([...readers].map((reader) => reader.stop()));
    readers.clear();
    await Promise.all([closing.queue.stop(), closing.commits.stop()]);
    await closing.fetcher.disconnect().catch(() => undefined);
  }

  async function startPositions(fetcher: PartitionFetcher, { topic, from }: TailOptions): Promise<LogPositions> {
    const ranges = await fetcher.ranges(topic);
    return new Map(
      ranges.map(({ partition, low, high }) => [partition, from === "end" ? high : (from.get(partition) ?? low)]),
    );
  }

  async function readPartition(
    topic: string,
    partition: number,
    from: bigint,
    limit: number,
  ): Promise<readonly LogRecord[]> {
    const { fetcher } = parts();
    const leader = (await fetcher.leaders(topic)).get(partition);
    if (leader === undefined) throw new AppError("NOT_FOUND", `${topic} has no partition ${partition}.`);
    for (let position = from; ; ) {
      const [found] = await fetcher.fetch(leader, topic, new Map([[partition, position]]), READ_WAIT_MS);
      if (found === undefined || found.next === position || found.records.length > 0)
        return (found?.records ?? []).slice(0, limit);
      position = found.next;
    }
  }

  return {
    async start() {
      dropNegativeTimerWarnings();
      opened ??= open();
      try {
        await opened.fetcher.connect();
      } catch (error) {
        await close();
        throw translateKafkaFailure(error);
      }
    },
    stop: close,
    ensureTopics: (topics) =>
      translated(undefined, () =>
        createMissingTopics(parts().kafka, topics, { partitions, replicationFactor, retentionMs }),
      ),
    append: (topic, records) =>
      translated(topic, async () => {
        if (records.length === 0) return;
        // kafkajs would look for an unknown topic for a long time before it says so.
        await partitionCount(topic);
        await parts().queue.append(topic, records);
      }),
    consume: (consume) =>
      translated(consume.topics[0], async () => {
        for (const topic of consume.topics) await reached(() => parts().fetcher.leaders(topic));
        return trackReader(startGroupMember(parts().kafka, consume, logger));
      }),
    tail: (tailOptions) =>
      translated(tailOptions.topic, async () => {
        parts();
        const fetcher = createPartitionFetcher(connection);
        try {
          const from = await startPositions(fetcher, tailOptions);
          return trackReader(startTail({ ...tailOptions, fetcher, from, logger }));
        } catch (error) {
          await fetcher.disconnect().catch(() => undefined);
          throw error;
        }
      }),
    read: ({ topic, partition, from, limit }) =>
      translated(topic, async () => {
        try {
          return await readPartition(topic, partition, from, limit);
        } catch (error) {
          if (kafkaErrorType(error) !== "OFFSET_OUT_OF_RANGE") throw error;
          const range = (await parts().fetcher.ranges(topic)).find((candidate) => candidate.partition === partition);
          if (range !== undefined && from >= range.low) return [];
          throw new AppError(
            "OFFSET_OUT_OF_RANGE",
            `Offset ${from} of ${topic}/${partition} is no longer kept; the first is ${range?.low ?? "unknown"}.`,
            { cause: error },
          );
        }
      }),
    ranges: (topic) => translated(topic, () => parts().fetcher.ranges(topic)),
    epoch: (topic) => translated(topic, () => parts().fetcher.topicId(topic)),
    partitionOf: (topic, key) => translated(topic, async () => partitionForKey(key, await partitionCount(topic))),
    committed: (group, topic) => translated(topic, () => parts().commits.read(group, topic)),
    check: () => translated(undefined, () => parts().fetcher.connect()),
  };
}
