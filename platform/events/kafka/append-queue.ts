/**
 * Appends to Kafka, one send in flight (kafkajs #598), acknowledged by all in-sync replicas. A producer that failed is
 * replaced before the next append (kafkajs #907), so a broker's idle close costs one retry, not the process.
 */
import { type Kafka, Partitioners, type Producer } from "kafkajs";
import type { LogAppend } from "../event-log.ts";
import { isBroken, isTooLarge } from "./kafka-failure.ts";
import { METADATA_FRESH_MS } from "./kafka-settings.ts";

export interface AppendQueue {
  append(topic: string, records: readonly LogAppend[]): Promise<void>;
  stop(): Promise<void>;
}

/** kafkajs writes them in one go, about ten microseconds each, while this process does nothing else. */
const MAX_RECORDS = 500;
/** A broker refuses a record batch above 1 MiB (`message.max.bytes`); one record has at most half of that. */
const MAX_BATCH_BYTES = 900_000;
/** A topic's `max.message.bytes` may be lower: then batches are halved down to this, and grow again after a while. */
const MIN_BATCH_BYTES = 4_096;
const SMALL_FOR_MS = 60_000;
const DISCONNECT_MS = 5_000;

export function createAppendQueue(kafka: Kafka): AppendQueue {
  let producer: Promise<Producer> | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  const batchLimits = createBatchLimits();

  async function open(): Promise<Producer> {
    const opened = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      idempotent: false,
      metadataMaxAge: METADATA_FRESH_MS,
      // A retry by kafkajs 2.2.4 loses records: it asks no broker again that has answered, though that one may lead
      // more partitions by then. The whole append is repeated instead.
      retry: { retries: 0 },
    });
    await opened.connect();
    return opened;
  }

  async function close(): Promise<void> {
    const closing = producer;
    producer = undefined;
    if (closing === undefined) return;
    const opened = await closing.catch(() => undefined);
    await withinDeadline(opened?.disconnect());
  }

  async function send(topic: string, records: readonly LogAppend[]): Promise<void> {
    producer ??= open();
    const opened = await producer;
    for (let from = 0; from < records.length; ) {
      const limit = batchLimits.of(topic);
      const batch = firstBatch(records, from, limit);
      try {
        await opened.send({ topic, acks: -1, messages: batch.map(({ key, value }) => ({ key, value })) });
        from += batch.length;
      } catch (error) {
        // A refusal leaves the producer as it was. One record alone is the caller's to judge.
        if (!isTooLarge(error) || batch.length === 1 || limit <= MIN_BATCH_BYTES) throw error;
        batchLimits.halve(topic);
      }
    }
  }

  async function sendOrReplace(topic: string, records: readonly LogAppend[]): Promise<void> {
    try {
      await send(topic, records);
    } catch (error) {
      // Not waited for: the one that takes its place has connections of its own.
      if (!isTooLarge(error)) void close();
      throw error;
    }
  }

  return {
    append(topic, records) {
      const sent = tail.then(async () => {
        try {
          await sendOrReplace(topic, records);
        } catch (error) {
          if (!isBroken(error)) throw error;
          // Once more, and whole: the broker may have closed the connection for being idle, or gone silent.
          await sendOrReplace(topic, records);
        }
      });
      tail = sent.catch(() => undefined);
      return sent;
    },
    async stop() {
      await tail;
      await close();
    },
  };
}

/** kafkajs can wait for ever on a dead connection (#767). */
export async function withinDeadline(work: Promise<unknown> | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, DISCONNECT_MS);
  try {
    await Promise.race([work?.catch(() => undefined), promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** How large a record batch of each topic may be: less for a while after a broker refused one. */
function createBatchLimits() {
  const lowered = new Map<string, { readonly bytes: number; readonly until: number }>();
  function of(topic: string): number {
    const limit = lowered.get(topic);
    if (limit !== undefined && limit.until > performance.now()) return limit.bytes;
    lowered.delete(topic);
    return MAX_BATCH_BYTES;
  }
  return {
    of,
    halve(topic: string): void {
      const bytes = Math.max(MIN_BATCH_BYTES, of(topic) >> 1);
      lowered.set(topic, { bytes, until: performance.now() + SMALL_FOR_MS });
    },
  };
}

/** The next records, at least one. All of them may be of one partition, hence of one record batch. */
function firstBatch(records: readonly LogAppend[], from: number, limitBytes: number): readonly LogAppend[] {
  let to = from;
  let size = 0;
  while (to < records.length && to - from < MAX_RECORDS) {
    const record = records[to];
    if (record === undefined) break;
    size += Buffer.byteLength(record.key) + Buffer.byteLength(record.value);
    if (to > from && size > limitBytes) break;
    to += 1;
  }
  return records.slice(from, to);
}
