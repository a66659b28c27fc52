/**
 * Reads the records of topics that hold no events, as a group: each partition in order, each record at least once. One
 * that cannot be handled is tried again until it can be, so `handle` must know every record that can be there, and must
 * do no harm when it is given one again.
 */
import type { Logger } from "pino";
import { backoffMs, systemSleep } from "./backoff.ts";
import type { EventLog, LogReader, LogRecord } from "./event-log.ts";
import { keepReader } from "./kept-reader.ts";

export interface RecordConsumerOptions {
  readonly log: EventLog;
  /** Never change it, or every record is new again. */
  readonly group: string;
  /** Created where they are missing. */
  readonly topics: readonly string[];
  readonly handle: (record: LogRecord, signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
}

const RETRY = { baseMs: 200, capMs: 5_000 };

/** Both of its methods are idempotent; `stop` resolves when nothing is handled any more. */
export function createRecordConsumer({ log, group, topics, handle, logger }: RecordConsumerOptions) {
  /** @returns false when `signal` aborted before it was handled */
  async function handled(record: LogRecord, signal: AbortSignal): Promise<boolean> {
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        await handle(record, signal);
        return !signal.aborted;
      } catch (error) {
        const { topic, partition, offset } = record;
        if (!signal.aborted) {
          logger.warn({ err: error, topic, partition, offset: String(offset) }, "record not handled, trying again");
        }
        await systemSleep(backoffMs(RETRY, failures), signal);
      }
    }
    return false;
  }

  async function open(): Promise<LogReader> {
    await log.ensureTopics(topics);
    return log.consume({
      group,
      topics,
      onAssigned(assignment) {
        const { signal } = assignment;
        let working: Promise<void> = Promise.resolve();
        const work = async (records: readonly LogRecord[]) => {
          for (const record of records) {
            if (!(await handled(record, signal))) return;
            assignment.commit(record.offset + 1n);
          }
        };
        return {
          deliver(records) {
            working = working.then(() => work(records));
            return working;
          },
          drain: () => working,
        };
      },
    });
  }

  const { start, stop } = keepReader(open, logger);
  return { start, stop };
}
