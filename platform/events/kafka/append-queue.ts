/**
 * Appends to Kafka, one send in flight (kafkajs #598), acknowledged by all in-sync replicas. A producer that failed is
 * replaced before the next append (kafkajs #907), so a broker's idle close costs one retry, not the process.
 */
import { type Kafka, Partitioners, type Producer } from "kafkajs";
import type { LogAppend } from "../event-log.ts";
import { METADATA_FRESH_MS } from "./kafka-settings.ts";

export interface AppendQueue {
  append(topic: string, records: readonly LogAppend[]): Promise<void>;
  stop(): Promise<void>;
}

const MAX_RECORDS = 200;
/** A broker refuses a record batch above 1 MiB (`message.max.bytes`); one record has at most half of that. */
const MAX_BATCH_BYTES = 900_000;
const DISCONNECT_MS = 5_000;

export function createAppendQueue(kafka: Kafka): AppendQueue {
  let producer: Promise<Producer> | undefined;
  let tail: Promise<unknown> = Promise.resolve();

  async function open(): Promise<Producer> {
    const opened = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      idempotent: false,
      metadataMaxAge: METADATA_FRESH_MS,
      // The caller (the relay) retries by its own, shorter pauses.
      retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 1_000 },
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
    for (const batch of batches(records)) {
      await opened.send({ topic, acks: -1, messages: batch.map(({ key, value }) => ({ key, value })) });
    }
  }

  return {
    append(topic, records) {
      const sent = tail.then(async () => {
        try {
          await send(topic, records);
        } catch (error) {
          await close();
          throw error;
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

function* batches(records: readonly LogAppend[]): Generator<LogAppend[]> {
  let batch: LogAppend[] = [];
  let size = 0;
  for (const record of records) {
    const bytes = Buffer.byteLength(record.key) + Buffer.byteLength(record.value);
    if (batch.length === MAX_RECORDS || (batch.length > 0 && size + bytes > MAX_BATCH_BYTES)) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(record);
    size += bytes;
  }
  if (batch.length > 0) yield batch;
}
