/**
 * One life of a kafkajs consumer: from joining the group to a crash, a stall or a stop. Offsets are committed by us
 * only, after the effects. A partition whose consumer is full is paused, so that it holds up neither the others nor
 * the heartbeat.
 */
import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import type { Logger } from "pino";
import { backoffMs, systemSleep } from "../backoff.ts";
import type { GroupConsumeOptions, LogRecord, PartitionConsumer } from "../event-log.ts";
import { withinDeadline } from "./append-queue.ts";
import { RETRY } from "./kafka-settings.ts";
import { createPartitionPosition, type PartitionPosition } from "./partition-position.ts";

export interface GroupSession {
  /** Resolves with the reason when the consumer is dead and must be replaced; never after `close`. */
  readonly dead: Promise<Error>;
  /** Last sign of life: a fetch, a heartbeat or a join. */
  lastSignAt(): number;
  /** Drains, commits, leaves the group. */
  close(): Promise<void>;
}

interface Assigned {
  readonly generation: number;
  readonly abort: AbortController;
  readonly consumer: PartitionConsumer;
  readonly position: PartitionPosition;
}

/**
 * Commits are gathered for this long: a request each would cost as much as reading the records. What a crash repeats is
 * known to the inbox.
 */
const COMMIT_EVERY_MS = 200;
const COMMIT_RETRY = { baseMs: 100, capMs: 2_000 };
/**
 * A dead member keeps its partitions for the session timeout, also after the broker itself came back. It can be short
 * because no handler runs between two heartbeats: records are handed on, never waited for.
 */
const SETTINGS = {
  sessionTimeout: 10_000,
  rebalanceTimeout: 15_000,
  // By its answers members learn that another one leaves: its partitions move as soon as this.
  heartbeatInterval: 1_000,
  maxWaitTimeInMs: 500,
  metadataMaxAge: 60_000,
  allowAutoTopicCreation: false,
};
/** Batches handled at once: handing records on takes no time, so no partition ever waits for another. */
const CONCURRENT_PARTITIONS = 16;

export async function openGroupSession(
  kafka: Kafka,
  consume: GroupConsumeOptions,
  logger: Logger,
): Promise<GroupSession> {
  let closed = false;
  const consumer: Consumer = kafka.consumer({
    ...SETTINGS,
    groupId: consume.group,
    // A crash is the end of this session, and the next one begins anew. Were kafkajs 2.2.4 to restart by itself, a
    // stop during its join would lose the runner: nobody could stop it, and it would keep its partitions for ever.
    retry: { ...RETRY, restartOnFailure: () => Promise.resolve(false) },
  });
  const assigned = new Map<string, Assigned>();
  const draining = new Set<Promise<void>>();
  const unstored = new Map<string, { topic: string; partition: number; offset: string }>();
  const { promise: dead, resolve: die } = Promise.withResolvers<Error>();
  let generation = 0;
  let signAt = Date.now();
  let storing: Promise<void> | undefined;
  const leaving = new AbortController();

  const nameOf = (topic: string, partition: number) => `${topic}/${partition}`;
  const sign = () => {
    signAt = Date.now();
  };

  async function storeCommits(): Promise<void> {
    let failures = 0;
    while (unstored.size > 0) {
      const commits = [...unstored];
      const before = generation;
      try {
        await consumer.commitOffsets(commits.map(([, commit]) => commit));
        for (const [name, commit] of commits) if (unstored.get(name) === commit) unstored.delete(name);
        failures = 0;
      } catch (error) {
        // On the way out, or when the group moved on, the records come again and the inbox knows them.
        if (closed || before !== generation) return;
        failures += 1;
        if (failures === 1) logger.warn({ err: error }, "commit not stored, trying again");
        await systemSleep(backoffMs(COMMIT_RETRY, failures));
      }
    }
  }

  function flush(): void {
    storing ??= systemSleep(COMMIT_EVERY_MS, leaving.signal)
      .then(storeCommits)
      .finally(() => {
        storing = undefined;
      });
  }

  function release(name: string): void {
    const assignment = assigned.get(name);
    if (assignment === undefined) return;
    assigned.delete(name);
    assignment.abort.abort();
    const drained = assignment.consumer.drain().finally(() => draining.delete(drained));
    draining.add(drained);
  }

  function assign(topic: string, partition: number, before: Assigned | undefined): void {
    const name = nameOf(topic, partition);
    const own = generation;
    const abort = new AbortController();
    const position = createPartitionPosition(before?.position);
    const opened = consume.onAssigned({
      topic,
      partition,
      signal: abort.signal,
      commit(next) {
        // Another member may own the partition by now: a late commit would turn its position back.
        if (own !== generation) return;
        position.finishedUpTo(next);
        unstored.set(name, { topic, partition, offset: String(next) });
        flush();
      },
    });
    assigned.set(name, { generation: own, abort, consumer: opened, position });
  }

  async function eachBatch({ batch, resolveOffset, isRunning, isStale }: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = batch;
    const last = messages.at(-1);
    if (closed || last === undefined || !isRunning() || isStale()) return;
    const assignment = assigned.get(nameOf(topic, partition));
    if (assignment === undefined) return;
    if (!assignment.position.accepts(BigInt(batch.firstOffset() ?? last.offset))) return;
    const records: LogRecord[] = messages.map((message) => ({
      topic,
      partition,
      offset: BigInt(message.offset),
      key: message.key?.toString() ?? "",
      value: message.value?.toString() ?? "",
      appendedAt: new Date(Number(message.timestamp)),
    }));
    let taken = false;
    const delivered = assignment.consumer.deliver(records).then(
      () => {
        taken = true;
      },
      (error: unknown) => {
        logger.error({ err: error, topic, partition }, "delivery rejected, reading again from the last commit");
        die(new Error("delivery rejected", { cause: error }));
      },
    );
    await Promise.race([delivered, systemSleep(0)]);
    // By now it would tell the position of the next generation, which must begin with what is not finished.
    if (assignment.generation !== generation) return;
    resolveOffset(last.offset);
    if (taken) return;
    consumer.pause([{ topic, partitions: [partition] }]);
    void delivered.then(() => {
      if (!closed && assignment.generation === generation) consumer.resume([{ topic, partitions: [partition] }]);
    });
  }

  consumer.on(consumer.events.FETCH, sign);
  consumer.on(consumer.events.HEARTBEAT, sign);
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    sign();
    if (closed) {
      // It joined while we were leaving (kafkajs #1593).
      void withinDeadline(consumer.disconnect());
      return;
    }
    generation += 1;
    unstored.clear();
    const before = new Map(assigned);
    for (const name of before.keys()) release(name);
    for (const [topic, partitions] of Object.entries(payload.memberAssignment)) {
      consumer.resume([{ topic, partitions }]);
      for (const partition of partitions) assign(topic, partition, before.get(nameOf(topic, partition)));
    }
  });
  // Without another session it would be silent for ever (#1271, #1304, #1441, #1513).
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    logger.warn({ err: payload.error }, "Kafka consumer crashed");
    die(payload.error);
  });

  async function close(): Promise<void> {
    closed = true;
    for (const name of [...assigned.keys()]) release(name);
    await Promise.all(draining);
    leaving.abort();
    await storing;
    if (unstored.size > 0) await withinDeadline(storeCommits());
    await withinDeadline(consumer.disconnect());
  }

  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...consume.topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
      eachBatch,
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { dead, lastSignAt: () => signAt, close };
}
