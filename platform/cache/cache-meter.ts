/** What one level of a cache has done since the start. Numbers only: no key is ever counted by its name. */

export interface CacheCounters {
  /** Reads that this level answered. */
  readonly hits: number;
  /** Reads that it did not answer. */
  readonly misses: number;
  /** Loads begun, early refreshes included. A load of the memory level may be answered by the next level. */
  readonly loads: number;
  /** Loaded values that were stored. */
  readonly fills: number;
  /** Entries given up for room. */
  readonly evictions: number;
  /** Values that were not stored since a newer one was there. */
  readonly refusals: number;
  /** Loads that failed in the background, operations of a store that failed or came too late. */
  readonly errors: number;
}

export interface CacheMeter {
  count(what: keyof CacheCounters): void;
  counters(): CacheCounters;
}

export function createCacheMeter(): CacheMeter {
  const counters = { hits: 0, misses: 0, loads: 0, fills: 0, evictions: 0, refusals: 0, errors: 0 };
  return {
    count(what) {
      counters[what] += 1;
    },
    counters: () => ({ ...counters }),
  };
}
