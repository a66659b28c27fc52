/**
 * Reads partitions at exact offsets without a consumer group, over connections of its own: a long poll holds up every
 * other fetch on its connection. Finds a partition's leader, and finds it again when it has moved.
 */

import { logLevel } from "kafkajs";
import { z } from "zod";
import { backoffMs, systemSleep } from "../backoff.ts";
import type { LogRecord, PartitionRange } from "../event-log.ts";
import { withinDeadline } from "./append-queue.ts";
import { isBroken, kafkaErrorType, unknownTopic } from "./kafka-failure.ts";
import { CONNECTION_TIMEOUT_MS, kafkaLogCreator, type SharedConnection } from "./kafka-settings.ts";
import { type InternalBroker, type InternalCluster, kafkajsInternals } from "./kafkajs-internals.ts";
import { readTopicId } from "./topic-id.ts";

/** What one fetch brought of one partition. */
export interface FetchedPartition {
  readonly partition: number;
  readonly records: readonly LogRecord[];
  /** Where to read on; beyond the last record also when that was a marker without content. */
  readonly next: bigint;
}

export interface PartitionFetcher {
  /** Idempotent; also after a loss. */
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  /** The leader of each partition, freshly asked for. @throws AppError `NOT_FOUND` for an unknown topic. */
  leaders(topic: string): Promise<ReadonlyMap<number, string>>;
  /**
   * Reads partitions led by one broker, waiting at most `maxWaitMs` for the first byte.
   * @throws the protocol's errors, such as `OFFSET_OUT_OF_RANGE` or `NOT_LEADER_FOR_PARTITION`, for all together.
   */
  fetch(
    leader: string,
    topic: string,
    positions: ReadonlyMap<number, bigint>,
    maxWaitMs: number,
  ): Promise<FetchedPartition[]>;
  ranges(topic: string): Promise<PartitionRange[]>;
  topicId(topic: string): Promise<string>;
}

/** Beyond what guarded sockets allow: nothing here waits for replicas or for records longer than half a second. */
const ANSWER_TIMEOUT_MS = 5_000;
const UNSETTLED: ReadonlySet<string> = new Set(["NOT_LEADER_FOR_PARTITION", "LEADER_NOT_AVAILABLE"]);
const LEADER_TRIES = 6;
const LEADER_RETRY = { baseMs: 100, capMs: 500 };
const READ_COMMITTED = 1;
const EARLIEST = -2;
const LATEST = -1;
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_PARTITION_BYTES = 1024 * 1024;

const bytes = z.instanceof(Buffer).nullish();
const offset = z.union([z.string(), z.number()]).transform((text) => BigInt(text));
const metadataAnswer = z.object({
  brokers: z.array(z.object({ nodeId: z.number() })),
  topicMetadata: z.array(
    z.object({
      topic: z.string(),
      partitionMetadata: z.array(z.object({ partitionId: z.number(), leader: z.number() })),
    }),
  ),
});
const fetchAnswer = z.object({
  responses: z.array(
    z.object({
      partitions: z.array(
        z.object({
          partition: z.number(),
          messages: z.array(
            z.object({ offset, timestamp: offset, key: bytes, value: bytes, isControlRecord: z.boolean().optional() }),
          ),
        }),
      ),
    }),
  ),
});
const offsetsAnswer = z.object({
  responses: z.array(z.object({ partitions: z.array(z.object({ partition: z.number(), offset })) })),
});

export function createPartitionFetcher(connection: SharedConnection): PartitionFetcher {
  const { Cluster, createLogger } = kafkajsInternals();
  let cluster = open();

  function open(): InternalCluster {
    return new Cluster({
      logger: createLogger({ level: logLevel.WARN, logCreator: kafkaLogCreator(connection.logger) }),
      socketFactory: connection.sockets.factory,
      brokers: () => connection.sockets.inOrder(connection.brokers),
      clientId: connection.clientId,
      ...(connection.ssl === undefined ? {} : { ssl: connection.ssl }),
      ...(connection.sasl === undefined ? {} : { sasl: connection.sasl }),
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      authenticationTimeout: ANSWER_TIMEOUT_MS,
      reauthenticationThreshold: ANSWER_TIMEOUT_MS,
      requestTimeout: ANSWER_TIMEOUT_MS,
      enforceRequestTimeout: true,
      metadataMaxAge: 60_000,
      allowAutoTopicCreation: false,
      maxInFlightRequests: null,
      // Callers retry: a long silence here would hide an outage from them.
      retry: { retries: 1, initialRetryTime: 100, maxRetryTime: 500 },
    });
  }

  /**
   * kafkajs 2.2.4 keeps a connection whose requests time out, and a peer that vanished never closes it: a half-open
   * connection would be asked again and again. New connections take their place.
   */
  async function answered<R>(work: () => Promise<R>): Promise<R> {
    const currentCluster = cluster;
    try {
      return await work();
    } catch (error) {
      if (isBroken(error)) replace(currentCluster);
      throw error;
    }
  }

  function replace(silent: InternalCluster): void {
    if (cluster !== silent) return;
    cluster = open();
    void withinDeadline(silent.disconnect());
  }

  /** For what any broker can answer: asked once more over new connections when the first broker did not. */
  async function answeredByAny<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await answered(work);
    } catch (error) {
      if (!isBroken(error)) throw error;
      return answered(work);
    }
  }

  async function anyBroker(): Promise<InternalBroker> {
    await cluster.connect();
    await cluster.refreshMetadata();
    return cluster.brokerPool.findConnectedBroker();
  }

  async function leaders(topic: string): Promise<ReadonlyMap<number, string>> {
    const answer = metadataAnswer.parse(await (await anyBroker()).metadata([topic]));
    const found = answer.topicMetadata.find((candidate) => candidate.topic === topic);
    if (found === undefined || found.partitionMetadata.length === 0) throw unknownTopic(topic);
    const pairs = found.partitionMetadata.map(({ partitionId, leader }) => [partitionId, String(leader)] as const);
    return new Map(pairs.sort(([left], [right]) => left - right));
  }

  async function edge(
    topic: string,
    byLeader: ReadonlyMap<string, number[]>,
    timestamp: number,
  ): Promise<Map<number, bigint>> {
    const found = new Map<number, bigint>();
    for (const [nodeId, partitions] of byLeader) {
      const broker = await cluster.findBroker({ nodeId });
      const requests = partitions.map((partition) => ({ partition, timestamp }));
      // Read uncommitted: the next offset, not the end of the last transaction.
      const answer = offsetsAnswer.parse(
        await broker.listOffsets({ isolationLevel: 0, topics: [{ topic, partitions: requests }] }),
      );
      for (const { partition, offset: at } of answer.responses.flatMap((response) => response.partitions))
        found.set(partition, at);
    }
    return found;
  }

  async function fetch(
    leader: string,
    topic: string,
    positions: ReadonlyMap<number, bigint>,
    maxWaitMs: number,
  ): Promise<FetchedPartition[]> {
    const broker = await cluster.findBroker({ nodeId: leader });
    const partitions = [...positions].map(([partition, from]) => ({
      partition,
      fetchOffset: String(from),
      maxBytes: MAX_PARTITION_BYTES,
    }));
    const answer = fetchAnswer.parse(
      await broker.fetch({
        maxWaitTime: maxWaitMs,
        minBytes: 1,
        maxBytes: MAX_BYTES,
        isolationLevel: READ_COMMITTED,
        topics: [{ topic, partitions }],
      }),
    );
    return answer.responses
      .flatMap((response) => response.partitions)
      .map(({ partition, messages }) => {
        const from = positions.get(partition) ?? 0n;
        // A fetch returns whole batches: the first may begin before the position.
        const wanted = messages.filter((message) => message.offset >= from);
        const records = wanted
          .filter((message) => message.isControlRecord !== true)
          .map((message) => ({
            topic,
            partition,
            offset: message.offset,
            key: message.key?.toString() ?? "",
            value: message.value?.toString() ?? "",
            appendedAt: new Date(Number(message.timestamp)),
          }));
        return { partition, records, next: (wanted.at(-1)?.offset ?? from - 1n) + 1n };
      });
  }

  /** Brokers learn one after the other who leads: for a moment one may deny it, of a new topic or one that moves. */
  async function retryUntilSettled<R>(work: () => Promise<R>): Promise<R> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await work();
      } catch (error) {
        if (failures > LEADER_TRIES || !UNSETTLED.has(kafkaErrorType(error) ?? "")) throw error;
        await systemSleep(backoffMs(LEADER_RETRY, failures));
      }
    }
  }

  async function ranges(topic: string): Promise<PartitionRange[]> {
    const byPartition = await leaders(topic);
    const byLeader = new Map<string, number[]>();
    for (const [partition, leader] of byPartition) byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition]);
    const [lows, highs] = [await edge(topic, byLeader, EARLIEST), await edge(topic, byLeader, LATEST)];
    return [...byPartition.keys()].map((partition) => ({
      partition,
      low: lows.get(partition) ?? 0n,
      high: highs.get(partition) ?? 0n,
    }));
  }

  return {
    async connect() {
      await answeredByAny(anyBroker);
    },
    disconnect: () => cluster.disconnect(),
    leaders: (topic) => answeredByAny(() => retryUntilSettled(() => leaders(topic))),
    fetch: (leader, topic, positions, maxWaitMs) => answered(() => fetch(leader, topic, positions, maxWaitMs)),
    ranges: (topic) => answeredByAny(() => retryUntilSettled(() => ranges(topic))),
    topicId: (topic) =>
      answeredByAny(async () => {
        const id = await readTopicId(await anyBroker(), topic);
        if (id === undefined) throw unknownTopic(topic);
        return id;
      }),
  };
}
