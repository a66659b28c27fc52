/**
 * How many operations run at once: as many as the machine can without making most of them wait for each other. An
 * operation is compared with itself: with what it takes while little else runs. The limit falls by a fifth while most
 * take twice as long, and rises by a tenth while it is reached and they do not.
 */

export interface ConcurrencyLimit {
  readonly current: number;
  /** The limit was reached: somebody waits, or nobody else may begin. */
  reached(): void;
  /**
   * An operation ended.
   * @param operation the same object whenever the same is asked
   * @param running operations that ran when it began, itself included
   * @param began by `now`, in milliseconds
   */
  ended(operation: object, running: number, began: number): void;
}

export interface ConcurrencyLimitOptions {
  readonly most: number;
  /** In milliseconds; default: `performance.now`. */
  readonly now?: () => number;
}

/** Fewer would leave the machine idle while stores work. */
const LEAST = 8;
const FIRST = 64;
/** What an operation may take beyond what it takes alone before it counts as held up: a few turns of the event loop. */
const SLACK_MS = 25;
const HELD_UP = 2;
const WINDOW_MS = 200;
const WINDOW_OPERATIONS = 10;

export function createConcurrencyLimit({
  most,
  now = () => performance.now(),
}: ConcurrencyLimitOptions): ConcurrencyLimit {
  const least = Math.min(LEAST, most);
  let current = Math.min(FIRST, most);
  /** What operations take while little else runs, in milliseconds. */
  const alone = new WeakMap<object, number>();
  let since = now();
  let seen = 0;
  let heldUp = 0;
  let wasReached = false;

  /** @returns what the operation takes alone, as far as it is known by now */
  function learn(operation: object, running: number, ms: number): number | undefined {
    const known = alone.get(operation);
    // What others took of the processor says nothing about the operation itself, unless it was faster all the same.
    const isCalm = running <= current / 4;
    if (known === undefined) {
      if (isCalm) alone.set(operation, ms);
      return undefined;
    }
    if (ms < known) alone.set(operation, known + (ms - known) / 2);
    else if (isCalm) alone.set(operation, known + (ms - known) / 50);
    return known;
  }

  function adjust(at: number): void {
    if (heldUp * 2 > seen) current = Math.max(least, Math.floor(current * 0.8));
    else if (wasReached) current = Math.min(most, Math.ceil(current * 1.1));
    since = at;
    seen = 0;
    heldUp = 0;
    wasReached = false;
  }

  return {
    get current() {
      return current;
    },
    reached() {
      wasReached = true;
    },
    ended(operation, running, began) {
      const at = now();
      const known = learn(operation, running, at - began);
      // It ran beside as many as the former limit let in.
      if (began < since) return;
      seen += 1;
      if (known !== undefined && at - began > HELD_UP * (known + SLACK_MS)) heldUp += 1;
      if (seen >= WINDOW_OPERATIONS && at - since >= WINDOW_MS) adjust(at);
    },
  };
}
