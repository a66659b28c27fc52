/** Where a subscription begins: at the log's end as of the subscribe, or exactly behind a cursor. */
import type { CursorCodec } from "./cursor.ts";
import { createKeyReader, type KeyReader } from "./key-reader.ts";
import { resyncRequired } from "./resync.ts";
import type { TopicState, TopicTail } from "./tail.ts";

export interface StartingPoint {
  readonly partition: number;
  readonly reader: KeyReader;
  /** Next offset to deliver. */
  readonly position: bigint;
  /** Sequence of the last event before it; `null` when unknown: the first event is then taken as it comes. */
  readonly sequence: bigint | null;
}

/** @throws AppError `RESYNC_REQUIRED` with the reason, `EVENT_LOG_UNAVAILABLE` */
export async function startingPoint(
  tail: TopicTail,
  key: string,
  cursorText: string | undefined,
  cursors: CursorCodec,
): Promise<StartingPoint> {
  const state = await tail.state();
  const partition = tail.partitionOf(key);
  const range = state.ranges.get(partition);
  if (range === undefined || tail.ring(partition) === undefined) throw resyncRequired("UNKNOWN_PARTITION");
  if (storedElsewhere(tail, state, partition, key)) throw resyncRequired("UNKNOWN_PARTITION");
  const reader = createKeyReader(tail, partition, key);
  if (cursorText === undefined) {
    return { partition, reader, position: range.high, sequence: reader.sequenceBefore(range.high) };
  }
  const cursor = cursors.decode(cursorText);
  if (cursor === undefined || !cursor.matches(tail.topic, key)) throw resyncRequired("FOREIGN_CURSOR");
  if (cursor.epoch !== state.epoch) throw resyncRequired("TOPIC_RECREATED");
  if (cursor.partition !== partition) throw resyncRequired("UNKNOWN_PARTITION");
  if (cursor.next > range.high) throw resyncRequired("TOPIC_RECREATED");
  if (cursor.next < range.low) throw resyncRequired("RETENTION");
  return { partition, reader, position: cursor.next, sequence: cursor.sequence };
}

/** A writer that does not know of a new partition yet has stored an event of the key since the state was looked at. */
function storedElsewhere(tail: TopicTail, { ranges }: TopicState, partition: number, key: string): boolean {
  return [...ranges.values()].some((range) => {
    const ring = range.partition === partition ? undefined : tail.ring(range.partition);
    const last = ring?.lastBefore(key, ring.next);
    return last !== undefined && last.offset >= range.high;
  });
}
