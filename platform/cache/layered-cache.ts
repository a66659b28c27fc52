/**
 * This process's memory over Redis, behind one port. Memory answers only while the channel that tells of others'
 * invalidations is known to be good; otherwise it is empty and Redis is asked, and without Redis the source. So a read
 * is never older than this process's own invalidations, and at most a second older than those that others brought to
 * Redis. One load per key and process, and a lease in Redis between processes.
 */
import type { Clock } from "../clock.ts";
import type { Cache, CacheLoadOptions } from "./cache.ts";
import type { MemoryCache } from "./memory-cache.ts";
import type { CachedEntry, RedisCache } from "./redis-cache.ts";

export interface LayeredCacheOptions {
  readonly memory: MemoryCache;
  readonly redis: RedisCache;
  /** Whether memory may answer. When this turns true whoever turns it clears memory before. */
  readonly trusted: () => boolean;
  readonly clock: Clock;
}

export function createLayeredCache({ memory, redis, trusted, clock }: LayeredCacheOptions): Cache {
  /** An entry in memory inherits the end, the tags and the version that it has in Redis. */
  function inherited<T>(options: Pick<CacheLoadOptions<T>, "tags" | "refreshMs">): CacheLoadOptions<CachedEntry<T>> {
    return {
      ...(options.tags === undefined ? {} : { tags: options.tags }),
      ...(options.refreshMs === undefined ? {} : { refreshMs: options.refreshMs }),
      ttlMs: 0,
      ttlMsOf: ({ until }) => (trusted() ? until - clock.now().getTime() : 0),
      tagsOf: ({ tags }) => tags,
      versionOf: ({ version }) => version,
    };
  }

  let trustedBefore = false;

  /** Memory holds nothing as long as it is not trusted; loads are shared all the same. */
  function usable(): boolean {
    const now = trusted();
    if (trustedBefore && !now) void memory.clear();
    trustedBefore = now;
    return now;
  }

  return {
    async get<T>(key: string) {
      const cachedEntry = usable() ? memory.peek<CachedEntry<T>>(key) : undefined;
      if (cachedEntry !== undefined) return cachedEntry.value;
      // Nobody has checked the form of what another process stored: memory holds only what `parse` accepted.
      return (await redis.getEntry<T>(key))?.value;
    },
    async getOrLoad<T>(key: string, options: CacheLoadOptions<T>, load: () => Promise<T>) {
      const cachedEntry = usable() ? memory.peek<CachedEntry<T>>(key, options.refreshMs) : undefined;
      if (cachedEntry !== undefined) return cachedEntry.value;
      const loading = memory.getOrLoad(key, inherited<T>(options), () => redis.getOrLoadEntry(key, options, load));
      return (await loading).value;
    },
    async set(key, value, options) {
      await redis.set(key, value, options);
      // The next read takes it from Redis: something newer may be there already.
      await memory.delete(key);
    },
    async delete(key, options) {
      await redis.delete(key, options);
      await memory.delete(key, options);
    },
    async invalidateTags(tags) {
      await redis.invalidateTags(tags);
      await memory.invalidateTags(tags);
    },
    async clear() {
      await redis.clear();
      await memory.clear();
    },
  };
}
