// The Redis level on a real server: two caches are two processes, as far as Redis can tell.
import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import type { Cache } from "../../../../platform/cache/cache.ts";
import { type CacheMeter, createCacheMeter } from "../../../../platform/cache/cache-meter.ts";
import { createRedisCache } from "../../../../platform/cache/redis-cache.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { createRedisConnection, type RedisConnection } from "../../../../platform/redis/redis-connection.ts";
import { createFaultProxy } from "../../../support/fault-proxy.ts";
import { startRedis } from "../../../support/services/redis.ts";
import { redisOfFile } from "../../../support/services/redis-of-file.ts";
import { waitFor } from "../../../support/wait.ts";
import { holdLoad } from "./held-load.ts";

const TTL = { ttlMs: 60_000 };
const redis = redisOfFile();

interface Process {
  readonly cache: Cache;
  readonly meter: CacheMeter;
  readonly connection: RedisConnection;
}

async function open(url = redis.url, namespace: string = randomUUID()): Promise<Process> {
  const logger = createLogger({ name: "cache-test", level: "silent" });
  const connection = createRedisConnection({ url, name: "cache", logger });
  await connection.start();
  onTestFinished(() => connection.stop());
  const meter = createCacheMeter();
  const options = { namespace, clock: systemClock, meter, timeoutMs: 5_000 };
  return { cache: createRedisCache(connection, options), meter, connection };
}

async function openTwo(): Promise<[Process, Process]> {
  const namespace = randomUUID();
  return [await open(redis.url, namespace), await open(redis.url, namespace)];
}

test("200 concurrent reads of one cold key over two processes load once [CA-01]", async () => {
  const [a, b] = await openTwo();
  let loads = 0;
  const load = async () => {
    loads += 1;
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { amountMinor: 5n };
  };
  const reads = Array.from({ length: 200 }, (_, at) => (at % 2 ? a : b).cache.getOrLoad("k", TTL, load));
  for (const value of await Promise.all(reads)) expect(value).toEqual({ amountMinor: 5n });
  expect(loads).toBe(1);
});

test("a key is loaded once also by those who read before it was stored and may load after it [CA-01]", async () => {
  const [a, b] = await openTwo();
  for (let at = 0; at < 20; at += 1) {
    let loads = 0;
    const load = async () => {
      loads += 1;
      await new Promise((resolve) => setTimeout(resolve, 40));
      return "row";
    };
    const reads = Array.from({ length: 200 }, (_, n) => (n % 2 ? a : b).cache.getOrLoad(`k${at}`, TTL, load));
    expect(new Set(await Promise.all(reads))).toEqual(new Set(["row"]));
    expect(loads, `k${at}`).toBe(1);
  }
});

test("what one process invalidates by tag, key or whole, no process is served [S34, S35]", async () => {
  const [a, b] = await openTwo();
  for (const drop of [
    () => a.cache.invalidateTags(["org:1"]),
    () => a.cache.delete("k"),
    () => a.cache.clear(),
    () => a.cache.delete("k", { version: 2 }),
  ]) {
    await b.cache.set("k", "old", { ...TTL, tags: ["org:1"] });
    expect(await a.cache.get("k")).toBe("old");
    await drop();
    expect(await b.cache.get("k")).toBeUndefined();
  }
});

test("a load that an invalidation elsewhere overtook is not stored [S34]", async () => {
  const [a, b] = await openTwo();
  const options = { ...TTL, tags: ["loading"], tagsOf: () => ["other"] };
  const { reading, finish } = await holdLoad(a.cache, "k", options);
  await b.cache.invalidateTags(["loading"]);
  finish("stale");
  expect(await reading).toBe("stale");
  expect(await b.cache.get("k")).toBeUndefined();
});

test("the highest version stays, and a deletion's version is remembered [S34]", async () => {
  const [a, b] = await openTwo();
  await a.cache.set("k", "new", { ...TTL, version: 10 });
  await b.cache.set("k", "old", { ...TTL, version: 9 });
  expect(await a.cache.get("k")).toBe("new");
  await a.cache.set("k", "same", { ...TTL, version: 10 });
  expect(await b.cache.get("k")).toBe("same");
  await b.cache.delete("k", { version: 10 });
  expect(await a.cache.get("k")).toBe("same");
  await b.cache.delete("k", { version: 11 });
  await a.cache.set("k", "new", { ...TTL, version: 10 });
  expect(await a.cache.get("k")).toBeUndefined();
});

test("a deletion that comes late takes back nothing of a newer one [S34]", async () => {
  const [a, b] = await openTwo();
  await a.cache.delete("k", { version: 11 });
  await b.cache.delete("k", { version: 10 });
  await b.cache.set("k", "old", { ...TTL, version: 10 });
  expect(await a.cache.get("k")).toBeUndefined();
  await b.cache.set("k", "new", { ...TTL, version: 11 });
  expect(await a.cache.get("k")).toBe("new");
});

test("a damaged entry or one of another format is a miss [S41]", async () => {
  const namespace = randomUUID();
  const { cache, connection } = await open(redis.url, namespace);
  for (const text of ["{", '{"format":0}', '{"format":1,"expiresAt":9e15,"marks":[],"value":"{"}']) {
    await connection.client.del(`${namespace}:entry:k`);
    await connection.client.zadd(`${namespace}:entry:k`, 1, text);
    expect(await cache.get("k")).toBeUndefined();
  }
});

test("Redis killed and returned empty: every read is answered, none with what was before [CA-05, S31]", async () => {
  const mortal = await startRedis();
  onTestFinished(() => mortal.kill());
  const { cache, meter, connection } = await open(mortal.url);
  let row = 1;
  const read = () => cache.getOrLoad("k", { ...TTL, tags: ["row"] }, async () => row);
  expect(await read()).toBe(1);
  await mortal.kill();
  row = 2;
  await cache.invalidateTags(["row"]);
  expect(await read()).toBe(2);
  expect(meter.counters().errors).toBeGreaterThan(0);
  const reborn = await startRedis({ port: mortal.port });
  onTestFinished(() => reborn.stop());
  await waitFor(() => connection.ready, { what: "the connection to be back" });
  expect(await read()).toBe(2);
  expect(await cache.get("k")).toBe(2);
});

test("an invalidation that Redis missed keeps the process from reading it until it is made up for [S34]", async () => {
  const proxy = await createFaultProxy({ target: { host: "127.0.0.1", port: redis.port } });
  onTestFinished(() => proxy.stop());
  const { cache, connection } = await open(`redis://127.0.0.1:${proxy.port}`);
  await cache.set("k", "old", { ...TTL, tags: ["row"] });
  await proxy.mode("refuse");
  await cache.invalidateTags(["row"]);
  expect(await cache.get("k")).toBeUndefined();
  await proxy.mode("pass");
  await waitFor(() => connection.ready, { what: "the connection to be back" });
  expect(await cache.get("k")).toBeUndefined();
  await cache.set("k", "new", { ...TTL, tags: ["row"] });
  expect(await cache.get("k")).toBe("new");
});

test("shortly before an entry's end one process loads it anew, the other is given what is there [CA-01]", async () => {
  const [a, b] = await openTwo();
  const options = { ...TTL, refreshMs: TTL.ttlMs };
  await a.cache.set("k", "first", TTL);
  const { reading: refreshing, finish } = await holdLoad(a.cache, "k", options);
  expect(await b.cache.getOrLoad("k", options, () => Promise.reject(new Error("a second load")))).toBe("first");
  finish("second");
  expect(await refreshing).toBe("second");
  expect(await b.cache.get("k")).toBe("second");
});

test("a silent Redis is not waited for: the loader answers and the error is counted [S31]", async () => {
  const proxy = await createFaultProxy({ target: { host: "127.0.0.1", port: redis.port } });
  onTestFinished(() => proxy.stop());
  const { cache, meter } = await open(`redis://127.0.0.1:${proxy.port}`);
  await proxy.mode("black-hole");
  expect(await cache.getOrLoad("k", TTL, async () => "loaded")).toBe("loaded");
  expect(meter.counters()).toMatchObject({ loads: 1, misses: 1, errors: 1 });
});

test("a key that somebody made another type of is replaced, whatever it was for", async () => {
  const namespace = randomUUID();
  const { cache, connection } = await open(redis.url, namespace);
  const { client } = connection;
  let loads = 0;
  const read = () =>
    cache.getOrLoad("k", { ...TTL, tags: ["t"] }, async () => {
      loads += 1;
      return "loaded";
    });
  await read();
  const names = await client.keys(`${namespace}:*`);
  const kinds = new Set(names.map((name) => name.slice(namespace.length + 1).split(":")[0]));
  await cache.invalidateTags(["t"]);
  await read();
  expect(kinds).toEqual(new Set(["entry", "key", "tag", "all"]));
  for (const name of [...names, `${namespace}:journal`]) {
    await client.unlink(name);
    await client.lpush(name, "of somebody else");
    expect(await read(), name).toBe("loaded");
    await cache.invalidateTags(["t"]);
    // Cached again soon: reads beside Redis load each time.
    await waitFor(
      async () => {
        await read();
        const before = loads;
        await read();
        return loads === before;
      },
      { what: `${name} to be replaced` },
    );
    expect(await client.type(name), name).not.toBe("list");
  }
});
