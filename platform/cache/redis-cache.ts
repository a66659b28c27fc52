/**
 * `Cache` in Redis, shared by processes. Each entry names marks (one of the whole cache, one of its key, one per tag); it is valid while
 * all of them are in Redis as they were before its load began. To invalidate is to remove a mark: no scan, no script, and what Redis loses
 * or evicts is a miss. Redis away or slow costs at most `timeoutMs` per operation and never fails a read; what could not be invalidated
 * keeps this process from reading Redis until it could be. Needs Redis 7 as one server, not a cluster.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { ChainableCommander } from "ioredis";
import type { Clock } from "../clock.ts";
import { withDeadline } from "../deadline.ts";
import type { RedisConnection } from "../redis/redis-connection.ts";
import type { Cache, CacheLoadOptions, CacheSetOptions } from "./cache.ts";
import { type CacheMeter, createCacheMeter } from "./cache-meter.ts";
import { jittered, NO_VERSION, settled, TOMBSTONE_MS } from "./entry-life.ts";
import { decodeEntry, encodeEntry, type RedisEntry, TOMBSTONE } from "./redis-entry.ts";

export interface RedisCacheOptions {
  /** Begins every key. Another shape of the values needs another namespace. */
  readonly namespace: string;
  readonly clock: Clock;
  /** How long one operation may take; default: 50 ms. */
  readonly timeoutMs?: number;
  /** How long the other processes wait for the one that loads; default: 5 s. */
  readonly leaseMs?: number;
  /** The share of each time to live that chance may take off, 0 to 1; default: 0. */
  readonly jitter?: number;
  readonly meter?: CacheMeter;
}

/** A mark that ends makes its entries misses, once a day. */
const MARK_MS = 86_400_000;
const LOOK_MS = 20;

type Marks = RedisEntry["marks"];

export function createRedisCache(connection: RedisConnection, options: RedisCacheOptions): Cache {
  const { namespace, clock, timeoutMs = 50, leaseMs = 5_000, jitter = 0, meter = createCacheMeter() } = options;
  const { client } = connection;
  const entryKey = (key: string) => `${namespace}:entry:${key}`;
  const leaseKey = (key: string) => `${namespace}:lease:${key}`;
  const tagMark = (tag: string) => `${namespace}:tag:${tag}`;
  const keyMark = (key: string) => `${namespace}:key:${key}`;
  const wholeMark = `${namespace}:all`;
  const marksOf = (key: string, tags: readonly string[]) => [wholeMark, keyMark(key), ...tags.map(tagMark)];
  const undelivered = new Set<string>();
  const now = () => clock.now().getTime();

  /** The answers in order, or `undefined` when Redis did not give them in time. */
  async function ask(commands: ChainableCommander): Promise<readonly unknown[] | undefined> {
    try {
      if (!connection.ready) throw new Error("Redis is away");
      const answers = await withDeadline(commands.exec(), timeoutMs, `no answer within ${timeoutMs} ms`);
      return (answers ?? []).map(([error, answer]) => {
        if (error !== null) throw error;
        return answer;
      });
    } catch {
      meter.count("errors");
      return undefined;
    }
  }

  /** Whether nothing is left that other reads would have to be protected from. */
  async function deliver(): Promise<boolean> {
    const marks = [...undelivered];
    if (marks.length === 0) return true;
    const delivered = (await ask(client.pipeline().unlink(...marks))) !== undefined;
    // Added again: another attempt may have succeeded before this one failed.
    for (const mark of marks) undelivered[delivered ? "delete" : "add"](mark);
    return undelivered.size === 0;
  }

  async function removeMarks(marks: readonly string[]): Promise<void> {
    for (const mark of marks) undelivered.add(mark);
    await deliver();
  }

  /** `null`: Redis could not be asked. */
  async function read(key: string): Promise<RedisEntry | undefined | null> {
    if (!(await deliver())) return null;
    const found = await ask(client.pipeline().zrevrange(entryKey(key), 0, 0));
    if (found === undefined) return null;
    const [text] = Array.isArray(found[0]) ? found[0] : [];
    const entry = typeof text === "string" ? decodeEntry(text, now()) : undefined;
    if (entry === undefined) return undefined;
    // Asked after the entry was read: what is invalidated in between is seen here.
    const answer = await ask(client.pipeline().mget(...entry.marks.map(([name]) => name)));
    if (answer === undefined || undelivered.size > 0) return null;
    const contents = Array.isArray(answer[0]) ? answer[0] : [];
    return entry.marks.every(([, content], at) => contents[at] === content) ? entry : undefined;
  }

  /** The marks as they are now; those that are missing are made. */
  async function takeMarks(names: readonly string[]): Promise<Marks | undefined> {
    if (!(await deliver())) return undefined;
    const commands = client.multi();
    for (const name of names) commands.set(name, randomUUID(), "PX", MARK_MS, "NX");
    const contents = (await ask(commands.mget(...names)))?.at(-1);
    if (!Array.isArray(contents)) return undefined;
    return names.map((name, at) => [name, String(contents[at])]);
  }

  /** The highest version stays, in one step; the newest of equal ones. */
  function keepHighest(key: string, version: number, text: string, ttlMs: number): ChainableCommander {
    const name = entryKey(key);
    const score = version === NO_VERSION ? "-inf" : version;
    const lifeMs = Math.max(1, Math.ceil(ttlMs));
    return client
      .multi()
      .zremrangebyscore(name, score, score)
      .zadd(name, score, text)
      .zremrangebyrank(name, 0, -2)
      .pexpire(name, lifeMs, "NX")
      .pexpire(name, lifeMs, "GT");
  }

  async function store(key: string, value: unknown, marks: Marks, version: number, ttlMs: number): Promise<boolean> {
    const lifeMs = jittered(ttlMs, jitter, Math.random);
    let text: string;
    try {
      text = encodeEntry({ expiresAt: now() + lifeMs, marks, value });
    } catch {
      meter.count("errors");
      return false;
    }
    return (await ask(keepHighest(key, version, text, lifeMs))) !== undefined;
  }

  /** Loads, and stores unless something invalidated it meanwhile. */
  async function fill<T>(key: string, options: CacheLoadOptions<T>, load: () => Promise<T>): Promise<T> {
    const before = await takeMarks(marksOf(key, options.tags ?? []));
    meter.count("loads");
    try {
      const value = await load();
      const { ttlMs, tags, version } = settled(value, options);
      if (before === undefined) return value;
      // The marks of the load in the same step as those of the value: an invalidation is seen by the one or by the other.
      const names = [...new Set([...marksOf(key, tags), ...before.map(([name]) => name)])];
      const after = new Map((await takeMarks(names)) ?? []);
      const untouched = before.every(([name, content]) => after.get(name) === content);
      const marks = marksOf(key, tags).map((name) => [name, after.get(name) ?? ""] as const);
      if (untouched) await store(key, value, marks, version, ttlMs);
      return value;
    } finally {
      // Of another process, if ours has ended: then one load more.
      await ask(client.pipeline().unlink(leaseKey(key)));
    }
  }

  /** `undefined`: Redis could not be asked. */
  async function lease(key: string): Promise<boolean | undefined> {
    const answer = await ask(client.pipeline().set(leaseKey(key), "1", "PX", leaseMs, "NX"));
    return answer === undefined ? undefined : answer[0] === "OK";
  }

  async function set(key: string, value: unknown, options: CacheSetOptions): Promise<void> {
    const { ttlMs, tags = [], version = NO_VERSION } = options;
    const marks = await takeMarks(marksOf(key, tags));
    // What is there would be served instead.
    if (marks === undefined || !(await store(key, value, marks, version, ttlMs))) await removeMarks([keyMark(key)]);
  }

  // Other processes read Redis, too, and none of them knows what it missed.
  connection.onReady(() => void deliver());

  return {
    async get<T>(key: string) {
      const entry = await read(key);
      meter.count(entry ? "hits" : "misses");
      return entry?.value as T | undefined;
    },
    set,
    async getOrLoad<T>(key: string, options: CacheLoadOptions<T>, load: () => Promise<T>) {
      const end = performance.now() + leaseMs;
      for (let look = 0; ; look += 1) {
        const entry = await read(key);
        if (look === 0) meter.count(entry ? "hits" : "misses");
        const soon = entry ? entry.expiresAt - now() <= (options.refreshMs ?? 0) : true;
        if (entry && !soon) return entry.value as T;
        const leased = entry === null ? undefined : await lease(key);
        if (entry && leased !== true) return entry.value as T;
        if (leased === undefined) {
          meter.count("loads");
          return load();
        }
        if (leased || performance.now() >= end) return fill(key, options, load);
        await delay(LOOK_MS * (0.5 + Math.random()));
      }
    },
    async delete(key, { version } = {}) {
      if (version === undefined) return removeMarks([keyMark(key)]);
      const done = await ask(keepHighest(key, version, TOMBSTONE, TOMBSTONE_MS));
      if (done === undefined) await removeMarks([keyMark(key)]);
    },
    invalidateTags: (tags) => removeMarks(tags.map(tagMark)),
    clear: () => removeMarks([wholeMark]),
  };
}
