/**
 * `Cache` in this process's memory: bounded, least recently used entries go first. One load per key at a time; a read that begins after
 * an invalidation never joins a load from before it.
 */
import { LRUCache } from "lru-cache";
import type { Clock } from "../clock.ts";
import type { Cache, CacheLoadOptions } from "./cache.ts";
import { type CacheMeter, createCacheMeter } from "./cache-meter.ts";
import { jittered, NO_VERSION, settled, TOMBSTONE_MS } from "./entry-life.ts";

interface Entry {
  readonly value: unknown;
  readonly expiresAt: number;
  readonly tags: readonly string[];
  readonly version: number;
  /** So long a deletion's version may not be undercut, whatever became of the value since. */
  readonly floorUntil: number;
}

interface Flight {
  readonly tags: readonly string[];
  stale: boolean;
}

export interface MemoryCacheOptions {
  /** Tombstones count, too. */
  readonly maxEntries: number;
  readonly clock: Clock;
  /** The share of each time to live that chance may take off, 0 to 1; default: 0. */
  readonly jitter?: number;
  readonly random?: () => number;
  readonly meter?: CacheMeter;
}

export function createMemoryCache(options: MemoryCacheOptions): Cache {
  const { maxEntries, clock, jitter = 0, random = Math.random, meter = createCacheMeter() } = options;
  const keysByTag = new Map<string, Set<string>>();
  const loading = new Map<string, { promise: Promise<unknown>; flight: Flight }>();
  const entries = new LRUCache<string, Entry>({
    max: maxEntries,
    dispose(entry, key, reason) {
      untag(key, entry);
      if (reason === "evict") meter.count("evictions");
    },
  });
  const now = () => clock.now().getTime();

  function untag(key: string, entry: Entry): void {
    for (const tag of entry.tags) {
      const keys = keysByTag.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) keysByTag.delete(tag);
    }
  }

  /** What is held for the key, be it only its version. */
  function held(key: string): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined || Math.max(entry.expiresAt, entry.floorUntil) > now()) return entry;
    entries.delete(key);
    return undefined;
  }

  function drop(key: string): void {
    const entry = held(key);
    entries.delete(key);
    if (entry !== undefined && entry.floorUntil > now()) entries.set(key, tombstone(entry.version, entry.floorUntil));
  }

  function read(key: string): Entry | undefined {
    const entry = held(key);
    const hit = entry !== undefined && entry.expiresAt > now();
    meter.count(hit ? "hits" : "misses");
    return hit ? entry : undefined;
  }

  function write(key: string, wanted: Entry): void {
    const present = held(key);
    if (present !== undefined && wanted.version < present.version) {
      meter.count("refusals");
      return;
    }
    const entry = { ...wanted, floorUntil: Math.max(wanted.floorUntil, present?.floorUntil ?? 0) };
    // Deleted first: `dispose` of a replaced entry runs after the new one is stored and would drop its tags.
    entries.delete(key);
    entries.set(key, entry);
    for (const tag of entry.tags) {
      const keys = keysByTag.get(tag) ?? new Set();
      keysByTag.set(tag, keys.add(key));
    }
  }

  function store(key: string, value: unknown, ttlMs: number, tags: readonly string[], version: number): void {
    write(key, { value, expiresAt: now() + jittered(ttlMs, jitter, random), tags, version, floorUntil: 0 });
  }

  /** The load that is under way and that nothing has overtaken, else a new one. */
  function fly<T>(key: string, options: CacheLoadOptions<T>, load: () => Promise<T>): Promise<T> {
    const running = loading.get(key);
    if (running !== undefined && !running.flight.stale) return running.promise as Promise<T>;
    const flight: Flight = { tags: options.tags ?? [], stale: false };
    const promise = run(key, options, load, flight);
    loading.set(key, { promise, flight });
    return promise;
  }

  async function run<T>(key: string, options: CacheLoadOptions<T>, load: () => Promise<T>, flight: Flight): Promise<T> {
    meter.count("loads");
    try {
      const value = await load();
      if (!flight.stale) {
        const { ttlMs, tags, version } = settled(value, options);
        store(key, value, ttlMs, tags, version);
      }
      return value;
    } finally {
      if (loading.get(key)?.flight === flight) loading.delete(key);
    }
  }

  return {
    async get<T>(key: string) {
      return read(key)?.value as T | undefined;
    },
    async set(key, value, { ttlMs, tags = [], version = NO_VERSION }) {
      store(key, value, ttlMs, tags, version);
    },
    async getOrLoad<T>(key: string, options: CacheLoadOptions<T>, load: () => Promise<T>) {
      const entry = read(key);
      if (entry === undefined) return fly(key, options, load);
      // Nobody waits for a refresh; when it fails the entry is served to its end.
      if (entry.expiresAt - now() <= (options.refreshMs ?? 0))
        fly(key, options, load).catch(() => meter.count("errors"));
      return entry.value as T;
    },
    async delete(key, { version } = {}) {
      const running = loading.get(key);
      if (running !== undefined) running.flight.stale = true;
      if (version === undefined) drop(key);
      else write(key, tombstone(version, now() + TOMBSTONE_MS));
    },
    async invalidateTags(tags) {
      for (const tag of tags) {
        for (const key of [...(keysByTag.get(tag) ?? [])]) drop(key);
      }
      for (const { flight } of loading.values()) {
        if (flight.tags.some((tag) => tags.includes(tag))) flight.stale = true;
      }
    },
    async clear() {
      entries.clear();
      keysByTag.clear();
      for (const { flight } of loading.values()) flight.stale = true;
    },
  };
}

/** No value, only the version that must not be undercut. */
function tombstone(version: number, floorUntil: number): Entry {
  return { value: undefined, expiresAt: 0, tags: [], version, floorUntil };
}
