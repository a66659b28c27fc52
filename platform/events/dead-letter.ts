/**
 * What is stored of an event that a consumer gave up on: a record in `<topic>.dlq`, enough to judge it and to send it
 * again.
 */
import { z } from "zod";
import { carriedText, carriedTextSchema, carryText } from "./carried-text.ts";
import type { EventLog, LogRecord } from "./event-log.ts";

/** Its `value` is the record's text, not parsed: it may not be JSON at all. */
export const deadLetterSchema = carriedTextSchema.extend({
  /**
   * `<consumer>:<topic>:<partition>:<offset>`: the same failure recorded twice (a crash before the commit) has one id.
   */
  id: z.string(),
  consumer: z.string(),
  topic: z.string(),
  partition: z.int().nonnegative(),
  /** Decimal: offsets exceed 2^53 in principle. */
  offset: z.string().regex(/^\d{1,18}$/),
  key: z.string(),
  attempts: z.int().positive(),
  error: z.string(),
  failedAt: z.iso.datetime(),
});

export type DeadLetter = z.infer<typeof deadLetterSchema>;

export function deadLetterTopic(topic: string): string {
  return `${topic}.dlq`;
}

/** The record's text, as far as it was kept. */
export function payloadOf(letter: DeadLetter): string {
  return carriedText(letter);
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
    ...carryText(record.value),
    attempts,
    error: reasonOf(error),
    failedAt: failedAt.toISOString(),
  };
  await log.append(deadLetterTopic(record.topic), [{ key: record.key, value: JSON.stringify(letter) }]);
}

/** What is kept of an error: enough to tell what it was. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 4_000);
}
