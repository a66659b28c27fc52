/**
 * Reads the events of one key forward from any position: from the ring when it covers the position, else from the log. The
 * switch is exact, because the ring says which offsets it covers. Used by shared streams and by lagging subscribers alike.
 */
import { AppError } from "../../platform/errors/app-error.ts";
import { decodeRecord, type LiveEvent } from "./event.ts";
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
   * Immediate when the ring answers. @throws AppError `RESYNC_REQUIRED` when the log no longer keeps the position,
   * `EVENT_LOG_UNAVAILABLE` when it does not answer
   */
  read(position: bigint): Batch | Promise<Batch>;
  /** Sequence of the last event of the key below `position`, when that is known for certain. */
  sequenceBefore(position: bigint): bigint | null;
}

const RING_BATCH = 16;
const LOG_BATCH = 200;

export function createKeyReader(tail: TopicTail, partition: number, key: string): KeyReader {
  function ring() {
    const found = tail.ring(partition);
    if (found === undefined) throw resyncRequired("UNKNOWN_PARTITION");
    return found;
  }

  async function readLog(position: bigint): Promise<Batch> {
    // Before the read: an empty answer proves that nothing lies below what the ring covered by then.
    const { first } = ring();
    let records: Awaited<ReturnType<TopicTail["read"]>>;
    try {
      records = await tail.read(partition, position, LOG_BATCH);
    } catch (error) {
      if (error instanceof AppError && error.code === "OFFSET_OUT_OF_RANGE") throw resyncRequired("RETENTION", error);
      throw error;
    }
    const last = records.at(-1);
    if (last === undefined) return { events: [], next: first };
    const events = records.filter((record) => record.key === key).map(decodeRecord);
    return { events, next: last.offset + 1n };
  }

  return {
    get head() {
      return ring().next;
    },
    read(position) {
      const { first, next, after } = ring();
      if (position < first) return readLog(position);
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
