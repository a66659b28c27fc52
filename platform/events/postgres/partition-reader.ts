/** Reads one partition forward from a position and hands pages on, one at a time, until it is stopped. */
import { backoffMs, systemSleep } from "../backoff.ts";
import type { LogRecord, PartitionRange } from "../event-log.ts";
import type { LogStore } from "./log-store.ts";

export interface PartitionReaderOptions {
  readonly store: LogStore;
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  readonly signal: AbortSignal;
  readonly deliver: (records: readonly LogRecord[]) => void | Promise<void>;
  /** Records were lost to retention, or the topic was made anew; reading goes on at `low`. */
  readonly onGap: (problem: Error, low: bigint) => void;
  /** `deliver` rejected: the reader has stopped. */
  readonly onRejected: (error: unknown) => void;
}

export interface PartitionReader {
  /** Wakes the reader when the partition reaches beyond its position. */
  notice(range: PartitionRange): void;
  /** After `signal` aborted: resolves when no callback runs or will run. */
  done(): Promise<void>;
}

const PAGE = 200;
const RETRY = { baseMs: 100, capMs: 2_000 };

export function createPartitionReader(options: PartitionReaderOptions): PartitionReader {
  const { store, topic, partition, signal } = options;
  let position = options.from;
  let high = 0n;
  let rejected = false;
  let pumping: Promise<void> | undefined;

  async function deliver(records: readonly LogRecord[]): Promise<void> {
    try {
      await options.deliver(records);
    } catch (error) {
      rejected = true;
      options.onRejected(error);
    }
  }

  async function step(): Promise<void> {
    const page = await store.page(topic, partition, position, PAGE);
    if (signal.aborted) return;
    high = page.high;
    if (position < page.low || position > page.high) {
      const missed = new Error(`${topic}/${partition}: offset ${position} is outside ${page.low}…${page.high}`);
      position = page.low;
      options.onGap(missed, position);
      return;
    }
    const last = page.records.at(-1);
    if (last === undefined) {
      position = page.high;
      return;
    }
    await deliver(page.records);
    position = last.offset + 1n;
  }

  async function pump(): Promise<void> {
    let failures = 0;
    while (!signal.aborted && !rejected && position !== high) {
      try {
        await step();
        failures = 0;
      } catch {
        // The store is away; the watcher reports it, the position stays.
        failures += 1;
        await systemSleep(backoffMs(RETRY, failures), signal);
      }
    }
  }

  return {
    notice(range) {
      if (range.high > high || range.high < position) high = range.high;
      if (pumping !== undefined || position === high || signal.aborted || rejected) return;
      pumping = pump().finally(() => {
        pumping = undefined;
      });
    },
    async done() {
      await pumping;
    },
  };
}
