/**
 * What a part of a period costs, exact to the minor unit: what is used up and what is left always sum to the whole.
 * Time is counted in milliseconds, halves of a minor unit count as left.
 */

/** `end` does not belong to it. */
export interface Period {
  readonly start: Date;
  readonly end: Date;
}

/**
 * @param amountMinor what the whole period costs, at least 0
 * @returns what the part from `at` to the end of the period costs; all or nothing for a moment outside of it
 */
export function restOf(amountMinor: bigint, { start, end }: Period, at: Date): bigint {
  const whole = end.getTime() - start.getTime();
  const left = Math.min(Math.max(end.getTime() - at.getTime(), 0), whole);
  return (2n * amountMinor * BigInt(left) + BigInt(whole)) / (2n * BigInt(whole));
}
