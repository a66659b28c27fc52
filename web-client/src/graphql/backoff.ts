const FIRST_MS = 250;
const LONGEST_MS = 10_000;

/**
 * Doubles per attempt up to ten seconds; a random half of it keeps clients from returning all at once. In milliseconds.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return ceiling / 2 + (random() * ceiling) / 2;
}
