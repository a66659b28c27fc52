/**
 * `Cache` in this process's memory: bounded, least recently used entries go first. One load per key at a time; a read
 * that begins after an invalidation never joins a load from before it.
 */
import { LRUCache } from "lru-cache";
import type { Clock } from "../clock.ts";
import type { Cache, CacheLoadOptions } from "./cache.ts";
import type { CacheEntryFacts, CacheLookup } from "./cache-lookup.ts";
import { type CacheMeter, createCacheMeter } from "./cache-meter.ts";
import { jittered, NO_VERSION, setOptionsOf, TOMBSTONE_MS } from "./entry-lifetime.ts";
import { encodeValue } from "./value-codec.ts";

interface Entry {
  readonly value: unknown;
  readonly storedAt: number;
  readonly expiresAt: number;
  readonly tags: readonly string[];
  readonly version: number;
  /** So long a deletion's version may not be undercut, whatever became of the value since. */
  readonly floorUntil: number;
}

/** A value on its way into the cache. */
interface Flight {
  readonly key: string;
  /** Readers join it until one of these is invalidated. */
  readonly tags: readonly string[];
  /** Everything that was invalidated meanwhile: which tags the value has may be known only when it is there. */
  readonly missed: Set<string>;
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

export interface MemoryCache extends Cache {
  readonly lookup: CacheLookup;
  /** The value, unless it ends within so many milliseconds; a hit is counted, a miss is not. */
  peek<T>(key: string, beforeEndMs?: number): T | undefined;
}

export function createMemoryCache(options: MemoryCacheOptions): MemoryCache {
  const { maxEntries, clock, jitter = 0, random = Math.random, meter = createCacheMeter() } = options;
  const keysByTag = new Map<string, Set<string>>();
  const loading = new Map<string, { promise: Promise<unknown>; flight: Flight }>();
  const flights = new Set<Flight>();
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
  function liveEntry(key: string): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined || Math.max(entry.expiresAt, entry.floorUntil) > now()) return entry;
    entries.delete(key);
    return undefined;
  }

  function drop(key: string): void {
    const entry = liveEntry(key);
    entries.delete(key);
    if (entry !== undefined && entry.floorUntil > now()) entries.set(key, tombstone(entry.version, entry.floorUntil));
  }

  function read(key: string): Entry | undefined {
    const entry = liveEntry(key);
    const hit = entry !== undefined && entry.expiresAt > now();
    meter.count(hit ? "hits" : "misses");
    return hit ? entry : undefined;
  }

  function write(key: string, wanted: Entry): void {
    const existing = liveEntry(key);
    if (existing !== undefined && wanted.version < existing.version) {
      meter.count("refusals");
      return;
    }
    const entry = { ...wanted, floorUntil: Math.max(wanted.floorUntil, existing?.floorUntil ?? 0) };
    // Deleted first: `dispose` of a replaced entry runs after the new one is stored and would drop its tags.
    entries.delete(key);
    entries.set(key, entry);
    for (const tag of entry.tags) {
      const keys = keysByTag.get(tag) ?? new Set();
      keysByTag.set(tag, keys.add(key));
    }
  }

  /**
   * From now on until then nothing older is cached. What has this version is what the deletion speaks of, and stays.
   */
  function hold(key: string, version: number, floorUntil: number): void {
    const existing = liveEntry(key);
    const stays = existing !== undefined && existing.version >= version;
    write(key, stays ? { ...existing, floorUntil } : tombstone(version, floorUntil));
  }

  function store(key: string, value: unknown, ttlMs: number, tags: readonly string[], version: number): void {
    const storedAt = now();
    const expiresAt = storedAt + jittered(ttlMs, jitter, random);
    write(key, { value, storedAt, expiresAt, tags, version, floorUntil: 0 });
  }

  /** Loads, and stores unless something invalidated it meanwhile. */
  async function carry<T>(flight: Flight, options: CacheLoadOptions<T>, load: () => Promise<T>): Promise<T> {
    flights.add(flight);
    try {
      const value = await load();
      const { ttlMs, tags, version } = setOptionsOf(value, options);
      if (ttlMs > 0 && !flight.stale && !tags.some((tag) => flight.missed.has(tag))) {
        store(flight.key, value, ttlMs, tags, version);
        meter.count("fills");
      }
      return value;
    } finally {
      flights.delete(flight);
      if (loading.get(flight.key)?.flight === flight) loading.delete(flight.key);
    }
  }

  const take = (key: string, tags: readonly string[] = []): Flight => ({ key, tags, missed: new Set(), stale: false });

  /** The load that is under way and that nothing has overtaken, else a new one. */
  function fly<T>(key: string, options: CacheLoadOptions<T>, load: () => Promise<T>): Promise<T> {
    const running = loading.get(key);
    // biome-ignore lint/plugin/unchecked-cast: one key has values of one type, which this process made
    if (running !== undefined && !running.flight.stale) return running.promise as Promise<T>;
    const flight = take(key, options.tags);
    meter.count("loads");
    const promise = carry(flight, options, load);
    loading.set(key, { promise, flight });
    return promise;
  }

  function overtake(concerns: (flight: Flight) => boolean): void {
    for (const flight of flights) if (concerns(flight)) flight.stale = true;
  }

  return {
    lookup: (tag) =>
      [...(keysByTag.get(tag) ?? [])].flatMap((key) => {
        const entry = liveEntry(key);
        return entry === undefined || entry.expiresAt <= now() ? [] : [factsOf(key, entry)];
      }),
    async get<T>(key: string) {
      // biome-ignore lint/plugin/unchecked-cast: as above
      return read(key)?.value as T | undefined;
    },
    peek<T>(key: string, beforeEndMs = 0) {
      const entry = entries.get(key);
      if (entry === undefined || entry.expiresAt - now() <= beforeEndMs) return undefined;
      meter.count("hits");
      // biome-ignore lint/plugin/unchecked-cast: as above
      return entry.value as T;
    },
    async set(key, value, { ttlMs, tags = [], version = NO_VERSION }) {
      // Of a load under way nobody could say which of the two is newer.
      if (version === NO_VERSION) overtake((flight) => flight.key === key);
      store(key, value, ttlMs, tags, version);
    },
    async getOrLoad<T>(key: string, options: CacheLoadOptions<T>, load: () => Promise<T>) {
      const entry = read(key);
      if (entry === undefined) return fly(key, options, load);
      // Nobody waits for a refresh; when it fails the entry is served to its end.
      if (entry.expiresAt - now() <= (options.refreshMs ?? 0))
        fly(key, options, load).catch(() => meter.count("errors"));
      // biome-ignore lint/plugin/unchecked-cast: as above
      return entry.value as T;
    },
    async delete(key, { version } = {}) {
      overtake((flight) => flight.key === key);
      if (version === undefined) drop(key);
      else hold(key, version, now() + TOMBSTONE_MS);
    },
    async invalidateTags(tags) {
      for (const tag of tags) {
        for (const key of [...(keysByTag.get(tag) ?? [])]) drop(key);
      }
      for (const { missed } of flights) for (const tag of tags) missed.add(tag);
      overtake((flight) => flight.tags.some((tag) => tags.includes(tag)));
    },
    async clear() {
      entries.clear();
      keysByTag.clear();
      overtake(() => true);
    },
  };
}

/** No value, only the version that must not be undercut. */
function tombstone(version: number, floorUntil: number): Entry {
  return { value: undefined, storedAt: 0, expiresAt: 0, tags: [], version, floorUntil };
}

function factsOf(key: string, { value, tags, version, storedAt, expiresAt }: Entry): CacheEntryFacts {
  const facts = { key, tags, storedAt, expiresAt, bytes: () => bytesOf(value) };
  return version === NO_VERSION ? facts : { ...facts, version };
}

function bytesOf(value: unknown): number | undefined {
  if (value instanceof Uint8Array) return value.byteLength;
  try {
    return Buffer.byteLength(encodeValue(value));
  } catch {
    return undefined;
  }
}
