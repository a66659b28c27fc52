/**
 * The reader of a consumer and the partitions it was given: opened once, replaced in place when it hangs. The one that
 * was replaced is stopped beside its successor; until it is gone the inbox keeps effects single.
 */
import type { Logger } from "pino";
import type { LogReader, PartitionAssignment, PartitionConsumer } from "./event-log.ts";
import type { PartitionWindow } from "./partition-window.ts";

/** A partition that this instance works on. */
export interface HeldPartition {
  readonly topic: string;
  readonly partition: number;
  /** Since when nothing was taken in, tried or finished, by `performance.now()`. */
  readonly quietSince: number;
}

export interface KeptReader {
  /** Idempotent. Rejects when the event log cannot be reached. */
  start(): Promise<void>;
  /** Resolves when neither it nor a former one reads any more. */
  stop(): Promise<void>;
  /** Opens another in its place; does nothing when it was stopped. @throws when the event log cannot be reached */
  rebuild(): Promise<void>;
  running(): boolean;
  /** Lists the window until its partition goes. */
  hold(assignment: PartitionAssignment, window: PartitionWindow): PartitionConsumer;
  /** Something was tried: a partition with unfinished records is not quiet. */
  noteAttempt(): void;
  held(): readonly HeldPartition[];
  /** Records taken in and not finished. */
  unfinished(): number;
}

export function keepReader(open: () => Promise<LogReader>, logger: Logger): KeptReader {
  const windows = new Map<PartitionWindow, PartitionAssignment>();
  const retiring = new Set<Promise<void>>();
  let reader: Promise<LogReader> | undefined;
  let attemptedAt = performance.now();

  async function stopInOrder(former: Promise<LogReader>): Promise<void> {
    try {
      await (await former).stop();
    } catch (error) {
      logger.warn({ err: error }, "the former reader was not stopped in order");
    }
  }

  function retire(former: Promise<LogReader>): void {
    const gone = stopInOrder(former).finally(() => retiring.delete(gone));
    retiring.add(gone);
  }

  return {
    async start() {
      reader ??= open();
      try {
        await reader;
      } catch (error) {
        reader = undefined;
        throw error;
      }
    },
    async stop() {
      const stopping = reader;
      reader = undefined;
      if (stopping !== undefined) retire(stopping);
      await Promise.all(retiring);
    },
    async rebuild() {
      const former = reader;
      if (former === undefined) return;
      reader = open();
      retire(former);
      await reader;
    },
    running: () => reader !== undefined,
    hold(assignment, window) {
      windows.set(window, assignment);
      assignment.signal.addEventListener("abort", () => windows.delete(window), { once: true });
      return window;
    },
    noteAttempt() {
      attemptedAt = performance.now();
    },
    held: () =>
      [...windows].map(([window, { topic, partition }]) => {
        const own = window.quietSince();
        return { topic, partition, quietSince: window.unfinished() === 0 ? own : Math.max(own, attemptedAt) };
      }),
    unfinished: () => [...windows.keys()].reduce((sum, window) => sum + window.unfinished(), 0),
  };
}
