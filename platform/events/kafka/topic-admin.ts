/** Creates topics, over an admin connection that lives for one call, and reads committed offsets. */
import type { Admin, ITopicConfig, Kafka } from "kafkajs";
import { systemSleep } from "../backoff.ts";
import type { LogPositions } from "../event-log.ts";
import { withinDeadline } from "./append-queue.ts";
import { isBroken, kafkaErrorType } from "./kafka-failure.ts";

export interface TopicSettings {
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Age at which records are deleted, in milliseconds. */
  readonly retentionMs: number;
}

const ADMIN_RETRY = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 };

async function withAdmin<R>(kafka: Kafka, work: (admin: Admin) => Promise<R>): Promise<R> {
  const admin = kafka.admin({ retry: ADMIN_RETRY });
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await withinDeadline(admin.disconnect());
  }
}

/**
 * Creates those that are missing and waits until they can be used. Goes on while the cluster is still coming up: its
 * first topic may be asked for before its brokers, its controller or its leaders are there.
 */
export async function createMissingTopics(
  kafka: Kafka,
  topics: readonly string[],
  settings: TopicSettings,
): Promise<void> {
  const begun = Date.now();
  let created = false;
  for (;;) {
    try {
      created = (await createOnce(kafka, topics, settings)) || created;
      return await withAdmin(kafka, (admin) => knownTo(admin, topics));
    } catch (error) {
      const waited = Date.now() - begun;
      if (isBroken(error) ? waited > REACHED_WITHIN_MS : !TRANSIENT.has(kafkaErrorType(error) ?? "")) throw error;
      // One that was there before may have lost its broker: whoever uses it waits for that by itself.
      if (!created && waited > EXISTING_WITHIN_MS && kafkaErrorType(error) === "LEADER_NOT_AVAILABLE") return;
      if (waited > USABLE_WITHIN_MS) throw error;
      await systemSleep(LOOK_AGAIN_MS);
    }
  }
}

/** @returns whether any was missing */
function createOnce(kafka: Kafka, topics: readonly string[], settings: TopicSettings): Promise<boolean> {
  return withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = [...new Set(topics)].filter((topic) => !existing.has(topic)).sort();
    if (missing.length === 0) return false;
    const wanted: ITopicConfig[] = missing.map((topic) => ({
      topic,
      numPartitions: settings.partitions,
      replicationFactor: settings.replicationFactor,
      configEntries: [
        { name: "retention.ms", value: String(settings.retentionMs) },
        { name: "min.insync.replicas", value: settings.replicationFactor >= 3 ? "2" : "1" },
        { name: "message.timestamp.type", value: "LogAppendTime" },
      ],
    }));
    try {
      // kafkajs 2.2.4 gives up waiting for leaders when the broker does not know yet what it has just made.
      await admin.createTopics({ waitForLeaders: false, topics: wanted });
    } catch (error) {
      if (!madeByAnother(error)) throw firstOf(error);
    }
    return true;
  });
}

const USABLE_WITHIN_MS = 30_000;
const EXISTING_WITHIN_MS = 3_000;
const REACHED_WITHIN_MS = 10_000;
const LOOK_AGAIN_MS = 100;
/** What brokers answer while topics, leaders, a controller or the brokers themselves are still being found. */
const TRANSIENT = new Set([
  "UNKNOWN_TOPIC_OR_PARTITION",
  "LEADER_NOT_AVAILABLE",
  "NOT_LEADER_FOR_PARTITION",
  "NOT_CONTROLLER",
  "INVALID_REPLICATION_FACTOR",
  "BROKER_NOT_AVAILABLE",
  "REPLICA_NOT_AVAILABLE",
  "NETWORK_EXCEPTION",
  "REQUEST_TIMED_OUT",
]);

/**
 * A broker learns of a topic a moment after it was made, above all when another instance made it. It names leaders
 * before they lead, so each is asked for its offsets: an append that some partitions took and others refused is
 * repeated whole, and the log would hold records twice.
 */
async function knownTo(admin: Admin, topics: readonly string[]): Promise<void> {
  const wanted = [...new Set(topics)];
  const { topics: topicMetadata } = await admin.fetchTopicMetadata({ topics: wanted });
  if (topicMetadata.some(({ partitions }) => partitions.some(({ leader }) => leader < 0))) {
    throw Object.assign(new Error("a topic has no leader yet"), { type: "LEADER_NOT_AVAILABLE" });
  }
  for (const topic of wanted) await admin.fetchTopicOffsets(topic);
}

/** Another instance starting at the same moment is no failure. */
function madeByAnother(error: unknown): boolean {
  return partsOf(error).every(isMadeAlready);
}

/** What one of the topics met that does not exist already. */
function firstOf(error: unknown): unknown {
  return partsOf(error).find((problem) => !isMadeAlready(problem)) ?? error;
}

const isMadeAlready = (problem: unknown) => kafkaErrorType(problem) === "TOPIC_ALREADY_EXISTS";

function partsOf(error: unknown): readonly unknown[] {
  // By shape: Node cannot import kafkajs's aggregate error class by name.
  const parts: unknown = error instanceof Error && "errors" in error ? error.errors : [error];
  return Array.isArray(parts) ? parts : [error];
}

export interface CommittedReader {
  read(group: string, topic: string): Promise<LogPositions>;
  stop(): Promise<void>;
}

/** Asks for committed offsets over one admin connection, which a failure replaces: lags are looked at all the time. */
export function createCommittedReader(kafka: Kafka): CommittedReader {
  let opened: Promise<Admin> | undefined;

  async function open(): Promise<Admin> {
    const admin = kafka.admin({ retry: ADMIN_RETRY });
    try {
      await admin.connect();
      return admin;
    } catch (error) {
      void withinDeadline(admin.disconnect());
      throw error;
    }
  }

  async function close(): Promise<void> {
    const closing = opened;
    opened = undefined;
    const admin = await closing?.catch(() => undefined);
    await withinDeadline(admin?.disconnect());
  }

  return {
    async read(group, topic) {
      opened ??= open();
      const used = opened;
      try {
        const offsets = await (await used).fetchOffsets({ groupId: group, topics: [topic] });
        const partitions = offsets.find((candidate) => candidate.topic === topic)?.partitions ?? [];
        const committed = partitions.map(({ partition, offset }) => [partition, BigInt(offset)] as const);
        return new Map(committed.filter(([, offset]) => offset >= 0n));
      } catch (error) {
        if (opened === used) void close();
        throw error;
      }
    },
    stop: close,
  };
}
