/**
 * What is stored of an event that a consumer gave up on: a record in `<topic>.dlq`, enough to judge it and to send it
 * again.
 */
import { z } from "zod";
import type { EventLog, LogRecord } from "./event-log.ts";

export const deadLetterSchema = z.object({
  /**
   * `<consumer>:<topic>:<partition>:<offset>`: the same failure recorded twice (a crash before the commit) has one id.
   */
  id: z.string(),
  consumer: z.string(),
  topic: z.string(),
  partition: z.int().nonnegative(),
  /** Decimal: offsets exceed 2^53 in principle. */
  offset: z.string(),
  key: z.string(),
  /** The record's text as it was, not parsed: it may not be JSON at all. */
  value: z.string(),
  attempts: z.int().positive(),
  error: z.string(),
  failedAt: z.iso.datetime(),
});

export type DeadLetter = z.infer<typeof deadLetterSchema>;

export function deadLetterTopic(topic: string): string {
  return `${topic}.dlq`;
}

export interface GivenUp {
  readonly consumer: string;
  readonly record: LogRecord;
  readonly attempts: number;
  readonly error: unknown;
  readonly failedAt: Date;
}

/** Appends the dead letter; resolves when it is durable. */
export async function appendDeadLetter(
  log: EventLog,
  { consumer, record, attempts, error, failedAt }: GivenUp,
): Promise<void> {
  const letter: DeadLetter = {
    id: `${consumer}:${record.topic}:${record.partition}:${record.offset}`,
    consumer,
    topic: record.topic,
    partition: record.partition,
    offset: String(record.offset),
    key: record.key,
    value: record.value,
    attempts,
    error: (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 4_000),
    failedAt: failedAt.toISOString(),
  };
  await log.append(deadLetterTopic(record.topic), [{ key: record.key, value: JSON.stringify(letter) }]);
}
