/**
 * Works on the records of one partition: strictly in order per key where order counts, keys beside each other, at most
 * `size` records unfinished. The committed offset never passes an unfinished record. A partition that is given back is
 * let go within three seconds, also beside work that never ends.
 */
import type { LogRecord, PartitionAssignment, PartitionConsumer } from "./event-log.ts";

export interface PartitionWindowOptions {
  readonly assignment: PartitionAssignment;
  /** Records taken in before the oldest is finished. */
  readonly size: number;
  /** Records of one key handed to `process` at once, if so many wait. */
  readonly together: number;
  /** Default: by key. `"none"`: each record is worked on beside all others. */
  readonly order?: "key" | "none";
  /**
   * Finishes records of one key, in order: effect committed, or dead letter durable. Retries by itself; rejects only
   * when `signal` aborted, after which the records are left to the partition's next owner.
   */
  readonly process: (records: readonly LogRecord[], signal: AbortSignal) => Promise<void>;
}

export interface PartitionWindow extends PartitionConsumer {
  /** Records taken in and not finished. */
  unfinished(): number;
  /** Since when nothing was taken in and nothing finished, by `performance.now()`. */
  quietSince(): number;
}

/**
 * Longest wait for the work on a partition that is given back: attempts end within it (`handler-attempt.ts`). What goes
 * on behind it is left alone, and what it finishes is not committed: another member may have begun with it.
 */
const DRAIN_MS = 3_000;

interface Entry {
  readonly record: LogRecord;
  done: boolean;
}

export function createPartitionWindow({
  assignment,
  size,
  together,
  order = "key",
  process,
}: PartitionWindowOptions): PartitionWindow {
  const { signal } = assignment;
  const queueOf = ({ key, offset }: LogRecord) => (order === "key" ? key : String(offset));
  /** In offset order; finished entries leave from the front only. */
  const entries: Entry[] = [];
  const queues = new Map<string, Entry[]>();
  const workers = new Set<Promise<void>>();
  let space: (() => void) | undefined;
  let quietSince = performance.now();
  let letGo = false;
  /** A rejection of `process` without an abort: a fault of ours, which the next delivery reports. */
  let fault: unknown;

  signal.addEventListener("abort", () => space?.(), { once: true });

  function finish(entry: Entry): void {
    if (letGo) return;
    quietSince = performance.now();
    entry.done = true;
    let next: bigint | undefined;
    while (entries[0]?.done === true) next = (entries.shift()?.record.offset ?? 0n) + 1n;
    if (next === undefined) return;
    assignment.commit(next);
    space?.();
  }

  async function work(key: string, queue: Entry[]): Promise<void> {
    // What is delivered together is queued first.
    await Promise.resolve();
    for (let next = queue.splice(0, together); next.length > 0 && !signal.aborted; next = queue.splice(0, together)) {
      try {
        await process(
          next.map(({ record }) => record),
          signal,
        );
      } catch (error) {
        if (!signal.aborted) fault = error;
        space?.();
        break;
      }
      for (const entry of next) finish(entry);
    }
    queues.delete(key);
  }

  function enqueue(record: LogRecord): void {
    const entry = { record, done: false };
    entries.push(entry);
    const name = queueOf(record);
    const queue = queues.get(name);
    if (queue !== undefined) {
      queue.push(entry);
      return;
    }
    const fresh = [entry];
    queues.set(name, fresh);
    const worker = work(name, fresh).finally(() => workers.delete(worker));
    workers.add(worker);
  }

  return {
    async deliver(records) {
      quietSince = performance.now();
      for (const record of records) {
        while (entries.length >= size && !signal.aborted && fault === undefined) {
          const { promise, resolve } = Promise.withResolvers<void>();
          space = resolve;
          await promise;
        }
        if (fault !== undefined) throw fault;
        if (signal.aborted) return;
        enqueue(record);
      }
    },
    async drain() {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(() => {
        letGo = true;
        resolve();
      }, DRAIN_MS);
      while (workers.size > 0 && !letGo) await Promise.race([Promise.allSettled(workers), late]);
      clearTimeout(timer);
    },
    unfinished: () => entries.length,
    quietSince: () => quietSince,
  };
}
