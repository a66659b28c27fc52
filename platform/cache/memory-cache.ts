/** `Cache` in this process's memory: bounded, least recently used entries go first. */
import { LRUCache } from "lru-cache";
import type { Clock } from "../clock.ts";
import type { Cache, CacheLoadOptions, CacheSetOptions } from "./cache.ts";

interface Entry {
  readonly value: unknown;
  readonly expiresAt: number;
  readonly tags: readonly string[];
}

export interface MemoryCacheOptions {
  readonly maxEntries: number;
  readonly clock: Clock;
}

export function createMemoryCache({ maxEntries, clock }: MemoryCacheOptions): Cache {
  const keysByTag = new Map<string, Set<string>>();
  const loading = new Map<string, { promise: Promise<unknown>; tags: readonly string[]; stale: boolean }>();
  const entries = new LRUCache<string, Entry>({ max: maxEntries, dispose: (entry, key) => untag(key, entry) });

  function untag(key: string, entry: Entry): void {
    for (const tag of entry.tags) {
      const keys = keysByTag.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) keysByTag.delete(tag);
    }
  }

  function read(key: string): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAt > clock.now().getTime()) return entry;
    entries.delete(key);
    return undefined;
  }

  function write(key: string, value: unknown, { ttlMs, tags = [] }: CacheSetOptions): void {
    // Deleted first: `dispose` of a replaced entry runs after the new one is stored and would drop its tags.
    entries.delete(key);
    entries.set(key, { value, expiresAt: clock.now().getTime() + ttlMs, tags });
    for (const tag of tags) {
      const keys = keysByTag.get(tag) ?? new Set();
      keysByTag.set(tag, keys.add(key));
    }
  }

  return {
    async get<T>(key: string) {
      return read(key)?.value as T | undefined;
    },
    async set(key, value, options) {
      write(key, value, options);
    },
    async getOrLoad<T>(key: string, options: CacheLoadOptions<T>, load: () => Promise<T>) {
      const entry = read(key);
      if (entry !== undefined) return entry.value as T;
      const running = loading.get(key);
      if (running !== undefined && !running.stale) return running.promise as Promise<T>;
      const promise = load();
      const flight = { promise, tags: options.tags ?? [], stale: false };
      loading.set(key, flight);
      try {
        const value = await promise;
        if (!flight.stale) write(key, value, { ...options, tags: options.tagsOf?.(value) ?? flight.tags });
        return value;
      } finally {
        if (loading.get(key) === flight) loading.delete(key);
      }
    },
    async delete(key) {
      entries.delete(key);
      const flight = loading.get(key);
      if (flight !== undefined) flight.stale = true;
    },
    async invalidateTags(tags) {
      for (const tag of tags) {
        for (const key of [...(keysByTag.get(tag) ?? [])]) entries.delete(key);
      }
      for (const flight of loading.values()) {
        if (flight.tags.some((tag) => tags.includes(tag))) flight.stale = true;
      }
    },
    async clear() {
      entries.clear();
      keysByTag.clear();
      for (const flight of loading.values()) flight.stale = true;
    },
  };
}
