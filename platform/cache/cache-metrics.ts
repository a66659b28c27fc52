/** What caches count, as metrics: by cache, and by level where there are two. */
import { labels, type Metric } from "../http/metrics-format.ts";
import type { CacheCounters } from "./cache-meter.ts";
import type { CacheLevels } from "./create-cache.ts";

export interface CountedCache {
  readonly name: string;
  counters(): CacheLevels;
}

const HELP: Readonly<Record<keyof CacheCounters, string>> = {
  hits: "Reads that this level answered",
  misses: "Reads that it did not answer",
  loads: "Loads begun; the last level's are those of the source",
  fills: "Loaded values that were stored",
  evictions: "Entries given up for room",
  refusals: "Values that were not stored since a newer one was there",
  errors: "Loads that failed in the background, operations of a store that failed or came too late",
};

const KINDS = ["hits", "misses", "loads", "fills", "evictions", "refusals", "errors"] as const;

export function cacheMetrics(caches: readonly CountedCache[]): readonly Metric[] {
  const counted = caches.map(({ name, counters }) => ({ name, ...counters() }));
  const levels = counted.flatMap(({ name, memory, redis }) => [
    { cache: name, level: "memory", counters: memory },
    ...(redis === undefined ? [] : [{ cache: name, level: "redis", counters: redis }]),
  ]);
  const observers = counted.flatMap(({ name, observer }) => (observer === undefined ? [] : [{ name, observer }]));
  const counter = (name: string, help: string, samples: Metric["samples"]): Metric => {
    return { type: "counter", name: `tributary_cache_${name}_total`, help, samples };
  };
  return [
    ...KINDS.map((kind) =>
      counter(
        kind,
        HELP[kind],
        levels.map(({ cache, level, counters }) => [labels({ cache, level }), counters[kind]]),
      ),
    ),
    counter(
      "observed",
      "Values that were compared with their source after an invalidation",
      observers.map(({ name, observer }) => [labels({ cache: name }), observer.checked]),
    ),
    counter(
      "stale_observed",
      "Values of these that were older than five seconds",
      observers.map(({ name, observer }) => [labels({ cache: name }), observer.stale]),
    ),
  ];
}
