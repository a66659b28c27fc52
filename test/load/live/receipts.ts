// What one subscriber got of a stream whose events are numbered without gaps.
export interface Receipts {
  /** Distinct numbers. */
  readonly count: number;
  readonly repeated: number;
  readonly outOfOrder: number;
  /** Numbers that were skipped over when a later one came, and never came. */
  readonly gaps: number;
  readonly last: number;
  note(sequence: number): void;
}

export function createReceipts(): Receipts {
  const seen = new Set<number>();
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  let repeated = 0;
  let outOfOrder = 0;
  return {
    get count() {
      return seen.size;
    },
    get repeated() {
      return repeated;
    },
    get outOfOrder() {
      return outOfOrder;
    },
    get gaps() {
      return seen.size === 0 ? 0 : last - first + 1 - seen.size;
    },
    get last() {
      return last;
    },
    note(sequence) {
      if (seen.has(sequence)) repeated += 1;
      else if (sequence < last) outOfOrder += 1;
      seen.add(sequence);
      first = Math.min(first, sequence);
      last = Math.max(last, sequence);
    },
  };
}

export interface Sum {
  readonly delivered: number;
  readonly repeated: number;
  readonly outOfOrder: number;
  readonly gaps: number;
}

export function sumOf(receipts: readonly Receipts[]): Sum {
  const sum = (of: (one: Receipts) => number) => receipts.reduce((total, one) => total + of(one), 0);
  return {
    delivered: sum(({ count }) => count),
    repeated: sum(({ repeated }) => repeated),
    outOfOrder: sum(({ outOfOrder }) => outOfOrder),
    gaps: sum(({ gaps }) => gaps),
  };
}
