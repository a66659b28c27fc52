/**
 * How far a group is behind the log, asked of the log alone: a consumer that hangs cannot hide it.
 */
import type { EventLog, PartitionRange } from "../event-log.ts";

export type MeasuredLog = Pick<EventLog, "committed" | "ranges" | "read">;

export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  /** The next offset that the group has to handle. */
  readonly next: bigint;
  /** Records from there to the end of the partition. */
  readonly events: bigint;
  /** When the first of them was stored; absent when there is none. */
  readonly oldestAt: Date | undefined;
}

/** Every partition of the topics. @throws when the log cannot be asked */
export async function measureLag(log: MeasuredLog, group: string, topics: readonly string[]): Promise<PartitionLag[]> {
  const found = await Promise.all(topics.map((topic) => lagOfTopic(log, group, topic)));
  return found.flat();
}

async function lagOfTopic(log: MeasuredLog, group: string, topic: string): Promise<PartitionLag[]> {
  // Commits first: what is committed between the two answers makes the lag look larger for once, never negative.
  const committed = await log.committed(group, topic);
  const ranges = await log.ranges(topic);
  return Promise.all(ranges.map((range) => lagOf(log, topic, range, committed.get(range.partition))));
}

async function lagOf(
  log: MeasuredLog,
  topic: string,
  { partition, low, high }: PartitionRange,
  committed: bigint | undefined,
): Promise<PartitionLag> {
  const next = committed === undefined || committed < low ? low : committed;
  const events = high > next ? high - next : 0n;
  if (events === 0n) return { topic, partition, next, events, oldestAt: undefined };
  const [oldest] = await log.read({ topic, partition, from: next, limit: 1 });
  return { topic, partition, next, events, oldestAt: oldest?.appendedAt };
}
