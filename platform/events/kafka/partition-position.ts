/**
 * Where a member is in a partition of its group, from one generation of the group to the next.
 *
 * While one fetch makes kafkajs 2.2.4 join anew (`ConsumerGroup.recoverFromFetch`), fetches from other brokers go on.
 * What such a fetch brings was asked for in the generation before: it lies behind records that nobody has finished, and
 * to take it would skip those without a word.
 */
export interface PartitionPosition {
  /** Whether records that begin at `firstOffset` may be handed on; otherwise they have to be fetched again. */
  accepts(firstOffset: bigint): boolean;
  /** Everything before `next` is finished. */
  finishedUpTo(next: bigint): void;
  /** The first record that is not finished; `undefined` while none was handed on. */
  unfinishedFrom(): bigint | undefined;
}

/** @param before where the same member was in the generation before, if it had the partition then */
export function createPartitionPosition(before?: PartitionPosition): PartitionPosition {
  let unfinishedFrom = before?.unfinishedFrom();
  let beginsAt = unfinishedFrom;
  return {
    accepts(firstOffset) {
      const expected = beginsAt;
      // Refused once at most: another member may have been here meanwhile, or the log deleted what lay between.
      beginsAt = undefined;
      if (expected !== undefined && firstOffset > expected) return false;
      unfinishedFrom ??= firstOffset;
      return true;
    },
    finishedUpTo(next) {
      unfinishedFrom = next;
    },
    unfinishedFrom: () => unfinishedFrom,
  };
}
