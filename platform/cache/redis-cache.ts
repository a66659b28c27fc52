/**
 * `Cache` in Redis, shared by processes. Each entry names marks (redis-marks.ts); it is valid while all of them are in
 * Redis as they were before its load began. To invalidate is to remove a mark: no scan, no script, and what Redis loses
 * or evicts is a miss. Redis away or slow costs at most `timeoutMs` per operation and never fails a read; what could
 * not be invalidated keeps this process from reading Redis until it could be. Needs Redis 7 as one server, not a
 * cluster.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ChainableCommander } from "ioredis";
import type { Clock } from "../clock.ts";
import type { RedisConnection } from "../redis/redis-connection.ts";
import type { Cache, CacheLoadOptions } from "./cache.ts";
import { type CacheMeter, createCacheMeter } from "./cache-meter.ts";
import { jittered, NO_VERSION, setOptionsOf, TOMBSTONE_MS } from "./entry-lifetime.ts";
import { channelOf, encodeNotice } from "./invalidation-notice.ts";
import { createRedisCall } from "./redis-call.ts";
import { decodeEntry, encodeEntry, type RedisEntry, TOMBSTONE } from "./redis-entry.ts";
import { createRedisMarks, type Marks } from "./redis-marks.ts";

export interface RedisCacheOptions {
  /** Begins every key. Another shape of the values needs another namespace. */
  readonly namespace: string;
  readonly clock: Clock;
  /** Tells this process's notices from those of others; default: `namespace`. */
  readonly origin?: string;
  /** How long one operation may take; default: 100 ms. */
  readonly timeoutMs?: number;
  /** How long the other processes wait for the one that loads; default: 1.5 s. */
  readonly leaseMs?: number;
  /** The share of each time to live that chance may take off, 0 to 1; default: 0. */
  readonly jitter?: number;
  readonly meter?: CacheMeter;
}

/** A value with what a level above has to know to keep it, too. */
export interface CachedEntry<T> {
  readonly value: T;
  /** The end of its life, on the clock. */
  readonly until: number;
  readonly tags: readonly string[];
  readonly version: number;
}

export interface RedisCache extends Cache {
  /** As `get`, with what belongs to the value. */
  getEntry<T>(key: string): Promise<CachedEntry<T> | undefined>;
  /**
   * As `getOrLoad`; a value that is not in Redis now, since Redis is away or something overtook the load, is at the end
   * of its life.
   */
  getOrLoadEntry<T>(key: string, options: CacheLoadOptions<T>, load: () => Promise<T>): Promise<CachedEntry<T>>;
  /** Tries what could not be invalidated. */
  settle(): Promise<boolean>;
}

const LOOK_MS = 20;

interface Storing {
  readonly marks: Marks;
  readonly version: number;
  readonly ttlMs: number;
  /** What the other processes are told with it. */
  readonly notice?: string | undefined;
}

type Found = RedisEntry & { readonly version: number };

export function createRedisCache(connection: RedisConnection, options: RedisCacheOptions): RedisCache {
  const { namespace, clock, origin = namespace, timeoutMs = 100, leaseMs = 1_500, jitter = 0 } = options;
  const { meter = createCacheMeter() } = options;
  const { client } = connection;
  const ask = createRedisCall(connection, { timeoutMs, meter });
  const marks = createRedisMarks(connection, { namespace, origin, ask });
  const entryKey = (key: string) => `${namespace}:entry:${key}`;
  const leaseKey = (key: string) => `${namespace}:lease:${key}`;
  const now = () => clock.now().getTime();

  /** `null`: Redis could not be asked. */
  async function read(key: string): Promise<Found | undefined | null> {
    if (!(await marks.settle())) return null;
    const found = await ask(client.pipeline().zrevrange(entryKey(key), 0, 0, "WITHSCORES"), false, entryKey(key));
    if (found === undefined) return null;
    const [text, score] = Array.isArray(found[0]) ? found[0].flat() : [];
    const entry = typeof text === "string" ? decodeEntry(text, now()) : undefined;
    if (entry === undefined || !marks.ofThisRun(entry.marks)) return undefined;
    // Asked after the entry was read: what is invalidated in between is seen here.
    const answer = await ask(client.pipeline().mget(...entry.marks.map(([name]) => name)));
    if (answer === undefined || marks.unsettled) return null;
    const contents = Array.isArray(answer[0]) ? answer[0] : [];
    const valid = entry.marks.every(([, content], at) => contents[at] === content);
    const version = Number(score);
    return valid ? { ...entry, version: Number.isNaN(version) ? NO_VERSION : version } : undefined;
  }

  /** `undefined` for a value that `parse` refuses: a process of another release cached it. */
  function toCachedEntry<T>({ value, expiresAt, marks: its, version }: Found, parse?: (value: unknown) => T) {
    try {
      // biome-ignore lint/plugin/unchecked-cast: without a parser the namespace says what is in it
      const parsed = parse === undefined ? (value as T) : parse(value);
      return { value: parsed, until: expiresAt, tags: marks.tagsIn(its), version };
    } catch {
      meter.count("errors");
      return undefined;
    }
  }

  /** Good for those who asked for it, and for nobody later. */
  function over<T>(value: T): CachedEntry<T> {
    return { value, until: Number.NEGATIVE_INFINITY, tags: [], version: NO_VERSION };
  }

  /**
   * The highest version stays, in one step, also when an older deletion comes late: all deletions are one member. Of
   * equal ones the newest, and rather a value than a deletion, whose text comes first.
   */
  function keepHighest(key: string, version: number, text: string, ttlMs: number): ChainableCommander {
    const name = entryKey(key);
    const score = version === NO_VERSION ? "-inf" : version;
    const lifeMs = Math.max(1, Math.ceil(ttlMs));
    const commands = client.multi();
    if (text !== TOMBSTONE) commands.zremrangebyscore(name, score, score);
    return commands
      .zadd(name, "GT", score, text)
      .zremrangebyrank(name, 0, -2)
      .pexpire(name, lifeMs, "NX")
      .pexpire(name, lifeMs, "GT");
  }

  /** The end of the stored entry's life; `OLD`: a newer one is there. */
  async function store(
    key: string,
    value: unknown,
    { marks: its, version, ttlMs, notice }: Storing,
  ): Promise<number | "OLD" | "UNKNOWN"> {
    const lifeMs = jittered(ttlMs, jitter, Math.random);
    const expiresAt = now() + lifeMs;
    let text: string;
    try {
      text = encodeEntry({ expiresAt, marks: its, value });
    } catch {
      meter.count("errors");
      return "UNKNOWN";
    }
    const commands = keepHighest(key, version, text, lifeMs);
    if (notice !== undefined) commands.publish(channelOf(namespace), notice);
    const answers = await ask(commands.zscore(entryKey(key), text), false, entryKey(key));
    if (answers === undefined) return "UNKNOWN";
    if (answers.at(-1) !== null) return expiresAt;
    meter.count("refusals");
    return "OLD";
  }

  /** Loads, and stores unless something invalidated it meanwhile. */
  async function fill<T>(key: string, options: CacheLoadOptions<T>, load: () => Promise<T>): Promise<CachedEntry<T>> {
    const before = await marks.take(() => marks.of(key, options.tags ?? []));
    meter.count("loads");
    try {
      const value = await load();
      const { ttlMs, tags, version } = setOptionsOf(value, options);
      if (before === undefined || ttlMs <= 0) return over(value);
      // The marks of the load in the same step as those of the value: an invalidation is seen by the one or by the
      // other.
      const after = await marks.takeAfter(() => marks.of(key, tags), before);
      const until = after && (await store(key, value, { marks: after, version, ttlMs }));
      if (typeof until !== "number") return over(value);
      meter.count("fills");
      return { value, until, tags, version };
    } finally {
      await release(key);
    }
  }

  /**
   * Who has the lease loads. `BESIDE_ENTRY`: it is ours, and something is stored under the key, perhaps since it was
   * read. `undefined`: Redis could not be asked.
   */
  async function lease(key: string): Promise<"OURS" | "BESIDE_ENTRY" | "TAKEN" | undefined> {
    const asked = client.pipeline().set(leaseKey(key), "1", "PX", leaseMs, "NX").exists(entryKey(key));
    const answer = await ask(asked);
    if (answer !== undefined) return answer[0] !== "OK" ? "TAKEN" : answer[1] === 1 ? "BESIDE_ENTRY" : "OURS";
    // It may have been taken all the same, and others would wait for nobody.
    void release(key);
    return undefined;
  }

  /** Of another process, if ours has ended: then one load more. */
  async function release(key: string): Promise<void> {
    await ask(client.pipeline().unlink(leaseKey(key)), true);
  }

  async function getOrLoadEntry<T>(
    key: string,
    options: CacheLoadOptions<T>,
    load: () => Promise<T>,
  ): Promise<CachedEntry<T>> {
    const end = performance.now() + leaseMs;
    const look = async () => {
      const found = await read(key);
      return found ? toCachedEntry(found, options.parse) : found;
    };
    const lasts = ({ until }: CachedEntry<T>) => until - now() > (options.refreshMs ?? 0);
    for (let looks = 0; ; looks += 1) {
      const entry = await look();
      if (looks === 0) meter.count(entry ? "hits" : "misses");
      if (entry && lasts(entry)) return entry;
      const leased = entry === null ? undefined : await lease(key);
      if (leased === "BESIDE_ENTRY") {
        // Whoever had the lease may have stored its value and given the lease back since we read.
        const stored = await look();
        if (!stored || !lasts(stored)) return fill(key, options, load);
        await release(key);
        return stored;
      }
      if (entry && leased !== "OURS") return entry;
      if (leased === undefined) {
        meter.count("loads");
        return over(await load());
      }
      if (leased === "OURS" || performance.now() >= end) return fill(key, options, load);
      await delay(LOOK_MS * (0.5 + Math.random()));
    }
  }

  async function getEntry<T>(key: string): Promise<CachedEntry<T> | undefined> {
    const entry = await read(key);
    meter.count(entry ? "hits" : "misses");
    return entry ? toCachedEntry<T>(entry) : undefined;
  }

  // Other processes read Redis, too, and none of them knows what it missed.
  connection.onReady(() => void marks.settle(true));

  return {
    getEntry,
    getOrLoadEntry,
    settle: () => marks.settle(true),
    get: async <T>(key: string) => (await getEntry<T>(key))?.value,
    getOrLoad: async (key, options, load) => (await getOrLoadEntry(key, options, load)).value,
    async set(key, value, { ttlMs, tags = [], version = NO_VERSION }) {
      const versioned = version !== NO_VERSION;
      // Without a version to tell which is newer the key's mark is made anew: loads that are under way are not stored
      // over this value.
      const taken = await marks.take(() => marks.of(key, tags), versioned ? undefined : key);
      const notice = versioned ? encodeNotice({ from: origin, key, version }) : undefined;
      const storing = taken && store(key, value, { marks: taken.marks, version, ttlMs, notice });
      // What is there would be served instead.
      if (storing === undefined || (await storing) === "UNKNOWN") await marks.remove({ key });
    },
    async delete(key, { version } = {}) {
      if (version === undefined) return marks.remove({ key });
      const deletion = keepHighest(key, version, TOMBSTONE, TOMBSTONE_MS);
      const notice = encodeNotice({ from: origin, key, version });
      const done = await ask(deletion.publish(channelOf(namespace), notice), true, entryKey(key));
      if (done === undefined) await marks.remove({ key });
    },
    invalidateTags: (tags) => marks.remove({ tags }),
    clear: () => marks.remove({ all: true }),
  };
}
