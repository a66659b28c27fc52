/** The cache of a process as its settings say: where it is, how much it holds, how long each kind is cached. */
import type { Clock } from "../clock.ts";
import { type CacheKind, type CacheSeconds, cacheSettings } from "../config/cache-settings.ts";
import type { Logger } from "../logger/logger.ts";
import { type CachePart, createCache } from "./create-cache.ts";

/** As `cacheSettings`, `redisSettings` and `registrySettings` describe them; what is left out has its default. */
export interface ProcessCacheSettings {
  readonly REDIS_URL?: string | undefined;
  readonly REDIS_PREFIX?: string;
  readonly CACHE_TTL?: CacheSeconds;
  readonly CACHE_ENTRIES?: number;
  readonly CACHE_TIMEOUT_MS?: number;
}

export interface ProcessCache extends CachePart {
  /** In milliseconds. */
  ttlMsOfKind(kind: CacheKind): number;
}

export interface ProcessCacheOptions {
  /** Of all processes that share it. Another shape of the values needs another name. */
  readonly name: string;
  readonly settings: ProcessCacheSettings;
  /** As of `createCache`. */
  readonly source?: (key: string) => Promise<unknown>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createProcessCache({ name, settings, source, clock, logger }: ProcessCacheOptions): ProcessCache {
  const { REDIS_PREFIX = "tributary", CACHE_TTL = cacheSettings.CACHE_TTL.parse(undefined) } = settings;
  const part = createCache({
    namespace: `${REDIS_PREFIX}:cache:${name}`,
    redisUrl: settings.REDIS_URL,
    maxEntries: settings.CACHE_ENTRIES ?? cacheSettings.CACHE_ENTRIES.parse(undefined),
    source,
    timeoutMs: settings.CACHE_TIMEOUT_MS ?? cacheSettings.CACHE_TIMEOUT_MS.parse(undefined),
    clock,
    logger,
  });
  // The prefix is the installation's, and the same in all its names.
  return { ...part, name: `cache ${name}`, ttlMsOfKind: (kind) => CACHE_TTL[kind] * 1_000 };
}
