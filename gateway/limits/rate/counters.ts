/**
 * Counts per key and window, exact over all gateways that share a Redis: each count is one step there. While Redis is
 * away or slow, and where there is none, this process counts alone: a limit may then be passed once per gateway, but no
 * call waits or fails.
 */
import { LRUCache } from "lru-cache";
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from "rate-limiter-flexible";
import type { RedisConnection } from "../../../platform/redis/redis-connection.ts";

export interface Tally {
  /** What was counted in the window that runs, this time included. */
  readonly total: number;
  /** When the window ends, in milliseconds from now. */
  readonly resetMs: number;
}

export interface Counters {
  /**
   * Never rejects. A window begins with its first count.
   * @param windowMs rounded up to whole seconds @param by a whole number
   */
  add(key: string, windowMs: number, by?: number): Promise<Tally>;
  /** Counts nothing. Never rejects. */
  peek(key: string, windowMs: number): Promise<Tally>;
  /** How often this process counted alone because Redis was away or slow. */
  readonly alone: number;
}

const TIMEOUT_MS = 200;
/** A Redis that was silent is not waited for by the next call. */
const PAUSE_MS = 1_000;
/** Beyond, the key that was not counted for the longest time begins anew. */
const MAX_KEYS = 50_000;

/** A Redis that gateways count in. */
export interface SharedCounting {
  readonly redis: RedisConnection;
  /** Begins the keys: that of the installation. */
  readonly prefix: string;
}

interface Limiters {
  readonly own: RateLimiterMemory;
  readonly shared: RateLimiterRedis | undefined;
  /** Of `own`, which by itself would take every key that anybody invents. */
  readonly keys: LRUCache<string, true>;
}

export function createCounters(sharing?: SharedCounting): Counters {
  const bySeconds = new Map<number, Limiters>();
  let silentUntil = 0;
  let alone = 0;

  function limitersOf(windowMs: number): Limiters {
    const seconds = Math.max(1, Math.ceil(windowMs / 1_000));
    const existing = bySeconds.get(seconds);
    if (existing !== undefined) return existing;
    const keyPrefix = `${sharing?.prefix ?? ""}:rate:${seconds}`;
    const options = { points: Number.MAX_SAFE_INTEGER, duration: seconds, keyPrefix };
    const own = new RateLimiterMemory(options);
    const limiters: Limiters = {
      own,
      shared:
        sharing === undefined
          ? undefined
          : new RateLimiterRedis({ ...options, storeClient: sharing.redis.client, rejectIfRedisNotReady: true }),
      keys: new LRUCache({ max: MAX_KEYS, dispose: (_, key, why) => why === "evict" && void own.delete(key) }),
    };
    bySeconds.set(seconds, limiters);
    return limiters;
  }

  async function ask<Answer>(
    { shared }: Limiters,
    work: (limiter: RateLimiterRedis) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    if (shared === undefined) return undefined;
    if (performance.now() >= silentUntil) {
      try {
        return await withTimeout(work(shared));
      } catch {
        silentUntil = performance.now() + PAUSE_MS;
      }
    }
    alone += 1;
    return undefined;
  }

  return {
    async add(key, windowMs, by = 1) {
      const limiters = limitersOf(windowMs);
      const counted = await ask(limiters, (limiter) => limiter.penalty(key, by));
      if (counted !== undefined) return tallyOf(counted);
      limiters.keys.set(key, true);
      return tallyOf(await limiters.own.penalty(key, by));
    },
    async peek(key, windowMs) {
      const limiters = limitersOf(windowMs);
      const found = await ask(limiters, (limiter) => limiter.get(key));
      return tallyOf(found === undefined ? await limiters.own.get(key) : found);
    },
    get alone() {
      return alone;
    },
  };
}

/** A process that was busy itself looks at what has arrived before it calls Redis slow. */
async function withTimeout<Answer>(work: Promise<Answer>): Promise<Answer> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => setImmediate(() => reject(new Error(`no answer within ${TIMEOUT_MS} ms`))),
    TIMEOUT_MS,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function tallyOf(found: RateLimiterRes | null): Tally {
  return { total: found?.consumedPoints ?? 0, resetMs: Math.max(0, found?.msBeforeNext ?? 0) };
}
