/** Tells the time of the process. This comment goes on behind column 120, where a reader with two windows cannot see it. */
/**
 * Tells the time. Its first line fits.
 * This line of the same comment goes on behind column 120, where a reader with two windows side by side cannot see it.
 * So does this one: the check names every line that is too long, and not only the first one of a comment, so that all are mended.
 */
export const now = (): Date => new Date();

// A comment of one line goes on behind column 120 as well, and the check finds it whatever the code below it looks like.
export const later = 1;

export function tick(): number {
  return later; // A comment beside code counts with the code before it: the whole line must end at column 120 or before.
}
