/** Creates topics and reads committed offsets, over an admin connection that lives for one call. */
import type { Admin, ITopicConfig, Kafka } from "kafkajs";
import { systemSleep } from "../backoff.ts";
import type { LogPositions } from "../event-log.ts";
import { withinDeadline } from "./append-queue.ts";
import { kafkaErrorType } from "./kafka-failure.ts";

export interface TopicSettings {
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Age at which records are deleted, in milliseconds. */
  readonly retentionMs: number;
}

async function withAdmin<R>(kafka: Kafka, work: (admin: Admin) => Promise<R>): Promise<R> {
  const admin = kafka.admin({ retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 } });
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await withinDeadline(admin.disconnect());
  }
}

export function createMissingTopics(kafka: Kafka, topics: readonly string[], settings: TopicSettings): Promise<void> {
  return withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = [...new Set(topics)].filter((topic) => !existing.has(topic)).sort();
    if (missing.length === 0) return;
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
      if (!madeByAnother(error)) throw error;
    }
    await knownTo(admin, missing);
  });
}

const KNOWN_WITHIN_MS = 30_000;
const LOOK_AGAIN_MS = 100;
const NOT_KNOWN_YET = new Set(["UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE", "NOT_LEADER_FOR_PARTITION"]);

/**
 * A broker learns of a topic a moment after it was made, above all when another instance made it. It names leaders
 * before they lead, so each is asked for its offsets: an append that some partitions took and others refused is
 * repeated whole, and the log would hold records twice.
 */
async function knownTo(admin: Admin, topics: readonly string[]): Promise<void> {
  const deadline = Date.now() + KNOWN_WITHIN_MS;
  for (;;) {
    try {
      const { topics: topicMetadata } = await admin.fetchTopicMetadata({ topics: [...topics] });
      if (topicMetadata.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) {
        for (const topic of topics) await admin.fetchTopicOffsets(topic);
        return;
      }
    } catch (error) {
      if (!NOT_KNOWN_YET.has(kafkaErrorType(error) ?? "") || Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline) return;
    await systemSleep(LOOK_AGAIN_MS);
  }
}

/** Another instance starting at the same moment is no failure. */
function madeByAnother(error: unknown): boolean {
  // By shape: Node cannot import kafkajs's aggregate error class by name.
  const parts: unknown = error instanceof Error && "errors" in error ? error.errors : [error];
  const problems: readonly unknown[] = Array.isArray(parts) ? parts : [error];
  return problems.every((problem) => kafkaErrorType(problem) === "TOPIC_ALREADY_EXISTS");
}

export function readCommitted(kafka: Kafka, group: string, topic: string): Promise<LogPositions> {
  return withAdmin(kafka, async (admin) => {
    const offsets = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    const partitions = offsets.find((candidate) => candidate.topic === topic)?.partitions ?? [];
    const committed = partitions.map(({ partition, offset }) => [partition, BigInt(offset)] as const);
    return new Map(committed.filter(([, offset]) => offset >= 0n));
  });
}
