/** Makes a process's cache: memory over Redis where there is one, memory alone otherwise. */
import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { HealthCheck } from "../http/health.ts";
import type { LifecyclePart } from "../lifecycle/lifecycle.ts";
import type { Logger } from "../logger/logger.ts";
import { createRedisConnection } from "../redis/redis-connection.ts";
import type { Cache } from "./cache.ts";
import type { CacheLookup } from "./cache-lookup.ts";
import { type CacheCounters, createCacheMeter } from "./cache-meter.ts";
import { createInvalidationChannel } from "./invalidation-channel.ts";
import type { Notice } from "./invalidation-notice.ts";
import { createLayeredCache } from "./layered-cache.ts";
import { createMemoryCache, type MemoryCache } from "./memory-cache.ts";
import { type CacheObserver, type ObserverCounters, observeCache } from "./observer.ts";
import { createRedisCache } from "./redis-cache.ts";

export interface CreateCacheOptions {
  /**
   * Begins every key in Redis and names the cache in logs and health. Another shape of the values needs another
   * namespace.
   */
  readonly namespace: string;
  /** redis:// or rediss://; absent: memory alone, and nobody else's invalidations are heard of. */
  readonly redisUrl?: string | undefined;
  /** Entries in memory. */
  readonly maxEntries: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The share of each time to live that chance may take off, 0 to 1; default: 0.1. */
  readonly jitter?: number;
  /**
   * What a load of a key would give now, or `undefined`: then a sample of what is served is compared with it after
   * invalidations.
   */
  readonly source?: ((key: string) => Promise<unknown>) | undefined;
  /** How long one operation of Redis may take; default: 100 ms. */
  readonly timeoutMs?: number;
  /** How long the other processes wait for the one that loads; default: 1.5 s. */
  readonly leaseMs?: number;
}

/** What each level has done. Loads of the last level are those of the source. */
export interface CacheLevels {
  readonly memory: CacheCounters;
  readonly redis?: CacheCounters;
  readonly observer?: ObserverCounters;
}

interface Unobserved extends LifecyclePart {
  readonly cache: Cache;
  /** What of it is in this process's memory. */
  readonly lookup: CacheLookup;
  counters(): Pick<CacheLevels, "memory" | "redis">;
  /** Never critical: without Redis every read is answered, only slower. */
  readonly check: HealthCheck;
  /** Resolves also when Redis is away. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface CachePart extends Unobserved {
  counters(): CacheLevels;
}

export function createCache(options: CreateCacheOptions): CachePart {
  const { redisUrl, source } = options;
  let observer: CacheObserver | undefined;
  const others = (keys: readonly string[]) => observer?.invalidated(keys.length > 0 ? keys : undefined);
  const part = redisUrl === undefined ? createAlone(options) : createShared(options, redisUrl, others);
  if (source === undefined) return part;
  const observing = observeCache(part.cache, { source });
  observer = observing;
  return {
    ...part,
    cache: observing.cache,
    counters: () => ({ ...part.counters(), observer: observing.counters() }),
    async stop() {
      observing.stop();
      await part.stop();
    },
  };
}

function createAlone({ namespace, maxEntries, clock, jitter = 0.1 }: CreateCacheOptions): Unobserved {
  const meter = createCacheMeter();
  const cache = createMemoryCache({ maxEntries, clock, jitter, meter });
  return {
    name: `cache ${namespace}`,
    cache,
    lookup: cache.lookup,
    counters: () => ({ memory: meter.counters() }),
    check: { name: `cache ${namespace}`, critical: false, check: async () => {} },
    start: async () => {},
    stop: async () => {},
  };
}

function createShared(
  options: CreateCacheOptions,
  url: string,
  onInvalidated: (keys: readonly string[]) => void,
): Unobserved {
  const { namespace, maxEntries, clock, logger, timeoutMs, leaseMs, jitter = 0.1 } = options;
  const name = `cache ${namespace}`;
  const origin = randomUUID();
  const meters = { memory: createCacheMeter(), redis: createCacheMeter() };
  const connection = createRedisConnection({ url, name, logger });
  const listener = createRedisConnection({ url, name: `${name} listener`, logger, pingMs: 1_000 });
  const memory = createMemoryCache({ maxEntries, clock, meter: meters.memory });
  const redis = createRedisCache(connection, {
    namespace,
    clock,
    origin,
    jitter,
    meter: meters.redis,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(leaseMs === undefined ? {} : { leaseMs }),
  });
  const channel = createInvalidationChannel({
    namespace,
    origin,
    redis: connection,
    listener,
    logger,
    onNotice(notice) {
      void evict(memory, notice);
      onInvalidated("version" in notice ? [notice.key] : notice.keys);
    },
    onGap: () => void memory.clear(),
    onTick: () => void redis.settle(),
  });
  return {
    name,
    cache: createLayeredCache({ memory, redis, trusted: channel.good, clock }),
    lookup: memory.lookup,
    counters: () => ({ memory: meters.memory.counters(), redis: meters.redis.counters() }),
    check: {
      name,
      critical: false,
      async check() {
        await connection.check();
        if (!channel.good()) throw new Error("invalidations of other processes are not heard: memory is not used");
      },
    },
    async start() {
      await Promise.all([connection.start(), listener.start()]);
      await channel.start();
    },
    async stop() {
      await channel.stop();
      await Promise.all([connection.stop(), listener.stop()]);
    },
  };
}

/** What another process has done to the cache. */
async function evict(memory: MemoryCache, notice: Exclude<Notice, { ping: number }>): Promise<void> {
  if ("version" in notice) return memory.delete(notice.key, { version: notice.version });
  if (notice.all) return memory.clear();
  for (const key of notice.keys) await memory.delete(key);
  await memory.invalidateTags(notice.tags);
}
