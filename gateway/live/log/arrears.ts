/** How far a tail is behind its log, as two looks of the log tell it: a tail that hangs cannot hide it. */
import type { PartitionRange } from "../../../platform/events/event-log.ts";

/** A partition that a gateway follows. */
export interface TailLag {
  readonly topic: string;
  readonly partition: number;
  /** Events in the log that did not arrive. */
  readonly events: number;
  /** Since the oldest of them was seen in the log, in seconds. */
  readonly seconds: number;
}

export interface Arrears {
  /** @param arrived the next offset that the tail will bring */
  note(ranges: Iterable<PartitionRange>, arrived: (partition: number) => bigint | undefined): void;
  /** As of the last look, less what has arrived since. */
  lags(arrived: (partition: number) => bigint | undefined): readonly TailLag[];
}

export function createArrears(topic: string): Arrears {
  /** The end of a partition when it was first seen to be ahead of the tail, and the newest end. */
  const behind = new Map<number, { readonly until: bigint; readonly since: number; readonly high: bigint }>();

  return {
    note(ranges, arrived) {
      for (const { partition, high } of ranges) {
        const next = arrived(partition) ?? high;
        const known = behind.get(partition);
        // What was missing then has arrived: what is missing now is younger.
        if (known === undefined || next >= known.until) {
          behind.set(partition, { until: high, since: performance.now(), high });
        } else {
          behind.set(partition, { ...known, high });
        }
      }
    },
    lags: (arrived) =>
      [...behind].map(([partition, { until, since, high }]) => {
        const next = arrived(partition) ?? high;
        const late = next < until;
        return {
          topic,
          partition,
          events: Number(high > next ? high - next : 0n),
          seconds: late ? Math.round((performance.now() - since) / 100) / 10 : 0,
        };
      }),
  };
}
