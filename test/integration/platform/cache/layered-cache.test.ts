// Memory over a real Redis: each cache of these tests is what one process has.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type CachePart, type CreateCacheOptions, createCache } from "../../../../platform/cache/create-cache.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { type RedisServer, startRedis } from "../../../support/services/redis.ts";
import { deferred, waitFor } from "../../../support/wait.ts";

const TTL = { ttlMs: 60_000 };
let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.stop());

async function open(options: Partial<CreateCacheOptions> = {}): Promise<CachePart> {
  const logger = createLogger({ name: "cache-test", level: "silent" });
  const part = createCache({
    namespace: randomUUID(),
    redisUrl: redis.url,
    maxEntries: 10_000,
    clock: systemClock,
    logger,
    timeoutMs: 500,
    ...options,
  });
  onTestFinished(() => part.stop());
  await part.start();
  return part;
}

async function openTwo(options: Partial<CreateCacheOptions> = {}): Promise<[CachePart, CachePart]> {
  const namespace = randomUUID();
  return [await open({ namespace, ...options }), await open({ namespace, ...options })];
}

test("a load fills both levels, a hit of Redis fills memory, and memory answers from then on [S31, S32]", async () => {
  const [a, b] = await openTwo();
  const never = () => Promise.reject(new Error("loaded again"));
  expect(await a.cache.getOrLoad("k", TTL, async () => "row")).toBe("row");
  expect(a.counters()).toMatchObject({ memory: { misses: 1, fills: 1 }, redis: { misses: 1, loads: 1, fills: 1 } });
  expect(await b.cache.getOrLoad("k", TTL, never)).toBe("row");
  expect(b.counters()).toMatchObject({ memory: { misses: 1, fills: 1 }, redis: { hits: 1, loads: 0 } });
  expect(await b.cache.getOrLoad("k", TTL, never)).toBe("row");
  expect(b.counters()).toMatchObject({ memory: { hits: 1, misses: 1 }, redis: { hits: 1, misses: 0 } });
});

test("an entry ends in memory when it ends in Redis, whenever memory got it [S37]", async () => {
  let now = Date.now();
  const [a, b] = await openTwo({ clock: { now: () => new Date(now) }, jitter: 0 });
  await a.cache.getOrLoad("k", { ttlMs: 10_000 }, async () => "first");
  now += 9_000;
  expect(await b.cache.get("k")).toBe("first");
  now += 1_000;
  expect(await b.cache.get("k")).toBeUndefined();
  expect(await a.cache.get("k")).toBeUndefined();
});

test("what one process invalidates, the memory of every other gives up within a second [S34, S35, S36]", async () => {
  const [a, b] = await openTwo();
  for (const drop of [
    () => a.cache.invalidateTags(["org:1"]),
    () => a.cache.delete("k"),
    () => a.cache.clear(),
    () => a.cache.delete("k", { version: 2 }),
    () => a.cache.set("k", "other", { ...TTL, version: 2 }),
  ]) {
    const options = { ...TTL, tags: ["org:1"], version: 1 };
    await b.cache.clear();
    for (const part of [a, b]) expect(await part.cache.getOrLoad("k", options, async () => "old")).toBe("old");
    await drop();
    expect(await a.cache.get("k")).not.toBe("old");
    await waitFor(async () => (await b.cache.get("k")) !== "old", { what: "B to evict", deadlineMs: 1_000 });
  }
});

test("a value whose own tag was invalidated while it was loaded is kept nowhere [S34]", async () => {
  const [a, b] = await openTwo();
  for (const [loader, writer] of [
    [a, b],
    [a, a],
  ] as const) {
    const gate = deferred<string>();
    const begun = deferred();
    const options = { ...TTL, tagsOf: (value: string) => [`about ${value}`] };
    const reading = loader.cache.getOrLoad("k", options, () => {
      begun.resolve();
      return gate.promise;
    });
    await begun.promise;
    await writer.cache.invalidateTags(["about this"]);
    gate.resolve("this");
    expect(await reading).toBe("this");
    expect(await a.cache.get("k")).toBeUndefined();
    expect(await b.cache.get("k")).toBeUndefined();
  }
});
