/**
 * Reads the events of one key forward from any position: from the ring when it covers the position, else from the log's
 * shared pages. The switch is exact, because the ring says which offsets it covers. Used by shared streams and by
 * lagging subscribers alike. Nobody reads past the ring's end, though the log may reach further: the caches have not
 * seen those events yet, and a stream ahead of the ring leaves others waiting for a place that no ring answers.
 */
import type { LiveEvent } from "./event.ts";
import type { LogPage } from "./log-pages.ts";
import { resyncRequired } from "./resync.ts";
import type { TopicTail } from "./tail.ts";

export interface Batch {
  readonly events: readonly LiveEvent[];
  /** Position behind the batch: everything of the key below it is in this or an earlier batch. */
  readonly next: bigint;
}

export interface KeyReader {
  /** Next offset that the tail will bring. */
  readonly head: bigint;
  /**
   * Immediate when the ring answers, or a page of the log that somebody has read. Never passes `head`.
   * @throws AppError `RESYNC_REQUIRED` when the log no longer keeps the position or stores the key elsewhere,
   * `EVENT_LOG_UNAVAILABLE` when it does not answer
   */
  read(position: bigint): Batch | Promise<Batch>;
  /** Sequence of the last event of the key below `position`, when that is known for certain. */
  sequenceBefore(position: bigint): bigint | null;
}

const RING_BATCH = 16;
/** Events of one answer from the log: they are enriched together. */
const LOG_BATCH = 64;

export function createKeyReader(tail: TopicTail, partition: number, key: string): KeyReader {
  function ring() {
    const found = tail.ring(partition);
    if (found === undefined) throw resyncRequired("UNKNOWN_PARTITION");
    return found;
  }

  function fromPage(page: LogPage, position: bigint): Batch {
    const end = ring().next;
    const found = page.after(key, position, LOG_BATCH);
    const events = found.filter(({ offset }) => offset < end);
    const last = events.at(-1);
    if (last !== undefined && events.length === LOG_BATCH) return { events, next: last.offset + 1n };
    return { events, next: page.next < end ? page.next : end };
  }

  return {
    get head() {
      return ring().next;
    },
    read(position) {
      // The topic grew: what follows of this key is stored elsewhere.
      if (tail.partitionOf(key) !== partition) throw resyncRequired("UNKNOWN_PARTITION");
      const { first, next, after } = ring();
      if (position < first) {
        const page = tail.page(partition, position);
        return page instanceof Promise ? page.then((loaded) => fromPage(loaded, position)) : fromPage(page, position);
      }
      const events = after(key, position, RING_BATCH);
      const last = events.at(-1);
      if (last !== undefined && events.length === RING_BATCH) return { events, next: last.offset + 1n };
      return { events, next: next > position ? next : position };
    },
    sequenceBefore(position) {
      // While the tail is behind the position, the ring's last event of the key need not be the log's.
      const { next, lastBefore } = ring();
      return next < position ? null : (lastBefore(key, position)?.sequence ?? null);
    },
  };
}
