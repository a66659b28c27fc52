/**
 * Reads the records of topics that hold no events, as a group: each partition in order, each record at least once. One
 * that cannot be handled is tried again until it can be, so `handle` must know every record that can be there, and must
 * do no harm when it is given one again.
 */
import type { Logger } from "pino";
import { backoffMs, systemSleep } from "./backoff.ts";
import type { EventLog, LogReader, LogRecord } from "./event-log.ts";
import type { WatchedConsumer } from "./flow/consumer-watch.ts";
import { keepReader } from "./kept-reader.ts";
import { createPartitionWindow } from "./partition-window.ts";

export interface RecordConsumerOptions {
  readonly log: EventLog;
  /** Never change it, or every record is new again. */
  readonly group: string;
  /** Created where they are missing. */
  readonly topics: readonly string[];
  readonly handle: (record: LogRecord, signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
}

export interface RecordConsumer extends WatchedConsumer {
  /** Idempotent. Rejects when the event log cannot be reached. */
  start(): Promise<void>;
  /** Resolves when nothing is handled any more. Idempotent. */
  stop(): Promise<void>;
}

const RETRY = { baseMs: 200, capMs: 5_000 };
/** Nothing that `handle` does takes so long unless it hangs. */
const QUIET_LIMIT_MS = 30_000;

export function createRecordConsumer({ log, group, topics, handle, logger }: RecordConsumerOptions): RecordConsumer {
  const reader = keepReader(open, logger);

  /** @throws when `signal` aborted before it was handled */
  async function surely(record: LogRecord, signal: AbortSignal): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      signal.throwIfAborted();
      try {
        return await handle(record, signal);
      } catch (error) {
        const { topic, partition, offset } = record;
        if (!signal.aborted) {
          logger.warn({ err: error, topic, partition, offset: String(offset) }, "record not handled, trying again");
        }
        await systemSleep(backoffMs(RETRY, failures), signal);
      } finally {
        reader.noteAttempt();
      }
    }
  }

  async function process(records: readonly LogRecord[], signal: AbortSignal): Promise<void> {
    for (const record of records) {
      await surely(record, signal);
      // It was left in the midst: another instance handles it again.
      signal.throwIfAborted();
    }
  }

  async function open(): Promise<LogReader> {
    await log.ensureTopics(topics);
    return log.consume({
      group,
      topics,
      // One at a time: in order whatever their keys are.
      onAssigned: (assignment) =>
        reader.hold(assignment, createPartitionWindow({ assignment, size: 1, together: 1, process })),
    });
  }

  return {
    group,
    topics,
    quietLimitMs: QUIET_LIMIT_MS,
    start: reader.start,
    stop: reader.stop,
    rebuild: reader.rebuild,
    held: reader.held,
    health: () => ({ running: reader.running(), outageSince: undefined }),
  };
}
