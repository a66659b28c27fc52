// Waiting for conditions with a deadline: tests never sleep, and a wait that fails says what it waited for and what it
// last saw. A deadline is patience with a busy machine; what is required is said to `waitWithin`.
import { startStopwatch } from "./stopwatch.ts";

/** Longer than anything takes that comes at all, and short enough for a test to say what it missed. */
const DEADLINE_MS = 20_000;

export interface WaitOptions {
  /** How long to wait at most, in milliseconds. */
  readonly deadlineMs?: number;
  /** What is waited for, as it should read in "waited 5000 ms for …". */
  readonly what: string;
  /** Pause between two looks, in milliseconds. */
  readonly intervalMs?: number;
}

type Falsy = false | 0 | "" | null | undefined;

/**
 * Asks `condition` until it gives something truthy and returns that. An error thrown by the condition counts as "not
 * yet" and becomes the cause when the deadline passes; a condition that never settles does not outlive the deadline
 * either.
 */
export async function waitFor<T>(condition: () => T | Promise<T>, options: WaitOptions): Promise<Exclude<T, Falsy>> {
  const { deadlineMs = DEADLINE_MS, intervalMs = 20, what } = options;
  const end = performance.now() + deadlineMs;
  let lastError: unknown;
  let last: unknown;
  for (;;) {
    try {
      const value = await withDeadline(Promise.resolve().then(condition), end - performance.now(), what);
      if (value) return value as Exclude<T, Falsy>;
      last = value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    const left = end - performance.now();
    if (left <= 0) break;
    await pause(Math.min(intervalMs, left));
  }
  const seen = lastError === undefined ? `last value: ${String(last)}` : `last error: ${messageOf(lastError)}`;
  throw new Error(`waited ${deadlineMs} ms for ${what}; ${seen}`, { cause: lastError });
}

/** Like `waitFor`, and fails when it took longer than `requiredMs` by this process's stopwatch. */
export async function waitWithin<T>(
  requiredMs: number,
  condition: () => T | Promise<T>,
  options: WaitOptions,
): Promise<Exclude<T, Falsy>> {
  const stopwatch = startStopwatch();
  try {
    const value = await waitFor(condition, options);
    const took = stopwatch.ms();
    if (took > requiredMs) {
      throw new Error(`${options.what} took ${Math.round(took)} ms; ${requiredMs} ms are required`);
    }
    return value;
  } finally {
    stopwatch.stop();
  }
}

/** Rejects when `promise` has not settled within `deadlineMs`; the promise itself goes on. */
async function withDeadline<T>(promise: Promise<T>, deadlineMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within the deadline: ${what}`)), Math.max(0, deadlineMs));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly settled: boolean;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** A promise settled from outside. Nobody waiting on it is no unhandled rejection: a test decides when to look. */
export function deferred<T = void>(): Deferred<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  promise.catch(() => {});
  let settled = false;
  return {
    promise,
    get settled() {
      return settled;
    },
    resolve(value) {
      settled = true;
      resolve(value);
    },
    reject(error) {
      settled = true;
      reject(error);
    },
  };
}

/**
 * The next `count` items in order. Fails when the source ends early or the deadline passes, saying how many came. With
 * `keepOpen` the iterator may be collected from again; otherwise it is closed (`return()`), as `for await` would.
 */
export async function collect<T>(
  source: AsyncIterable<T>,
  count: number,
  deadlineMs = DEADLINE_MS,
  options: { keepOpen?: boolean } = {},
): Promise<T[]> {
  const iterator = source[Symbol.asyncIterator]();
  const items: T[] = [];
  const end = performance.now() + deadlineMs;
  try {
    while (items.length < count) {
      const what = `item ${items.length + 1} of ${count} (${deadlineMs} ms)`;
      const next = await withDeadline(iterator.next(), end - performance.now(), what);
      if (next.done) throw new Error(`the source ended after ${items.length} of ${count} items`);
      items.push(next.value);
    }
    return items;
  } finally {
    // Not awaited: a generator stuck in its own await settles return() only after that, perhaps never.
    if (!options.keepOpen) void iterator.return?.().catch(() => {});
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
