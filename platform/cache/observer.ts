/**
 * Watches a cache for values that have outlived their source: some time after each invalidation a sample of the keys
 * that were read is compared with the source. A value counts as stale when it is still served that long after the
 * source was seen to hold another one.
 */
import type { Cache } from "./cache.ts";
import { encodeValue } from "./value-codec.ts";

export interface ObserverCounters {
  /** Values that the cache would have served and that were compared. */
  readonly checked: number;
  /** Must be 0. */
  readonly stale: number;
  /** Comparisons that could not be made, since the source failed. */
  readonly failed: number;
}

export interface CacheObserver {
  /** The cache, watched. */
  readonly cache: Cache;
  /** Something was invalidated, here or elsewhere: the keys, where they are known. */
  invalidated(keys?: readonly string[]): void;
  counters(): ObserverCounters;
  stop(): void;
}

export interface ObserverOptions {
  /** What a load of this key would give now; `undefined` for keys that it does not know. */
  readonly source: (key: string) => Promise<unknown>;
  /** How old a served value may be, in milliseconds; default: 5 s. */
  readonly afterMs?: number;
  readonly random?: () => number;
}

/** Keys to choose from, keys chosen per invalidation, and keys that wait for their comparison, at most. */
const MAX_SAMPLED_KEYS = 1_000;
const SAMPLE = 3;
const WAITING = 100;
/** Every so manieth read makes its key known. */
const NOTED = 8;

export function observeCache(cache: Cache, options: ObserverOptions): CacheObserver {
  const { source, afterMs = 5_000, random = Math.random } = options;
  const counters = { checked: 0, stale: 0, failed: 0 };
  const sampledKeys: string[] = [];
  const waiting = new Map<string, NodeJS.Timeout>();
  let reads = 0;

  function note(key: string): void {
    // Not the oldest but any: what was read once a while ago is to be looked at, too.
    if (sampledKeys.length < MAX_SAMPLED_KEYS) sampledKeys.push(key);
    else sampledKeys[Math.floor(random() * MAX_SAMPLED_KEYS)] = key;
  }

  function later(key: string, compare: () => Promise<void>): void {
    const timer = setTimeout(() => {
      waiting.delete(key);
      compare().catch(() => {
        counters.failed += 1;
      });
    }, afterMs);
    timer.unref();
    waiting.set(key, timer);
  }

  /** `undefined`: it would be loaded. */
  async function served(key: string): Promise<string | undefined> {
    const value = await cache.get(key);
    return value === undefined ? undefined : encodeValue(value);
  }

  async function look(key: string): Promise<void> {
    const text = await served(key);
    if (text === undefined) return;
    const value = await source(key);
    if (value === undefined) return;
    counters.checked += 1;
    // The source may have changed a moment ago: whoever changed it still has time to say so.
    if (encodeValue(value) !== text && !waiting.has(key)) later(key, () => lookAgain(key, text));
  }

  async function lookAgain(key: string, replaced: string): Promise<void> {
    if ((await served(key)) !== replaced) return;
    // What was replaced may have come back.
    if (encodeValue(await source(key)) !== replaced && (await served(key)) === replaced) counters.stale += 1;
  }

  function invalidated(keys?: readonly string[]): void {
    const chosen = keys ?? Array.from({ length: SAMPLE }, () => sampledKeys[Math.floor(random() * sampledKeys.length)]);
    for (const key of chosen) {
      if (key !== undefined && !waiting.has(key) && waiting.size < WAITING) later(key, () => look(key));
    }
  }

  return {
    cache: {
      get<T>(key: string) {
        reads += 1;
        if (reads % NOTED === 0) note(key);
        return cache.get<T>(key);
      },
      set: (key, value, settings) => cache.set(key, value, settings),
      getOrLoad<T>(key: string, settings: Parameters<typeof cache.getOrLoad<T>>[1], load: () => Promise<T>) {
        reads += 1;
        if (reads % NOTED === 0) note(key);
        return cache.getOrLoad(key, settings, () => {
          note(key);
          return load();
        });
      },
      async delete(key, settings) {
        await cache.delete(key, settings);
        invalidated([key]);
      },
      async invalidateTags(tags) {
        await cache.invalidateTags(tags);
        invalidated();
      },
      async clear() {
        await cache.clear();
        invalidated();
      },
    },
    invalidated,
    counters: () => ({ ...counters }),
    stop() {
      for (const timer of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}
