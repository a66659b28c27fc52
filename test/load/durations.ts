// Recorded durations and what a reader wants to know of them.

export interface Durations {
  readonly count: number;
  /** In milliseconds. */
  record(ms: number): void;
  /** The value below which `percent` of all recorded ones are; NaN when there are none. */
  percentile(percent: number): number;
}

/** Keeps every value: exact, and small enough for the hundred thousand or so that one run records. */
export function createDurations(): Durations {
  const values: number[] = [];
  let sorted = true;
  return {
    get count() {
      return values.length;
    },
    record(ms) {
      values.push(ms);
      sorted = false;
    },
    percentile(percent) {
      if (!sorted) values.sort((a, b) => a - b);
      sorted = true;
      const rank = Math.max(1, Math.ceil((percent / 100) * values.length));
      return values[rank - 1] ?? Number.NaN;
    },
  };
}

/** Merges what several recorded. */
export function mergeDurations(parts: readonly (readonly number[])[]): Durations {
  const merged = createDurations();
  for (const part of parts) for (const value of part) merged.record(value);
  return merged;
}
