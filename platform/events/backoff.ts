/** Waiting between tries: exponential with full jitter and a cap, so that many waiters never move in step. */
import { setTimeout as delay } from "node:timers/promises";

/** Resolves after `ms`, or at once when the signal aborts: callers look at the signal, nobody catches. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

export const systemSleep: Sleep = async (ms, signal) => {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
};

export interface BackoffPolicy {
  /** Upper bound of the first pause, in milliseconds; doubles with each failure. */
  readonly baseMs: number;
  /** Upper bound of every pause, in milliseconds. */
  readonly capMs: number;
}

/**
 * The pause after the `failures`-th failure in a row (1 = first): uniform in [0, min(cap, base · 2^(failures−1))).
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(policy: BackoffPolicy, failures: number, random: () => number = Math.random): number {
  return Math.floor(random() * ceilingMs(policy, failures));
}

/**
 * The same where each pause must be longer than the one before, until the cap: uniform in the upper half of what
 * `backoffMs` may give ("equal jitter").
 */
export function growingBackoffMs(policy: BackoffPolicy, failures: number, random: () => number = Math.random): number {
  return Math.floor((ceilingMs(policy, failures) * (1 + random())) / 2);
}

function ceilingMs({ baseMs, capMs }: BackoffPolicy, failures: number): number {
  return Math.min(capMs, baseMs * 2 ** Math.min(failures - 1, 30));
}
