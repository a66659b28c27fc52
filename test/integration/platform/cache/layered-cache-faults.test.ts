// What a layered cache does when Redis, or the way to it, does not do what it should.
import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { startRedis } from "../../../support/services/redis.ts";
import { redisOfFile } from "../../../support/services/redis-of-file.ts";
import { startStopwatch } from "../../../support/stopwatch.ts";
import { waitFor, waitWithin } from "../../../support/wait.ts";
import { healthy, openCache, openPath } from "./open-cache.ts";

const TTL = { ttlMs: 60_000, tags: ["row"] };
const redis = redisOfFile();

function commandLine(): Redis {
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  return client;
}

test("Redis killed and returned empty: every read of two processes is answered, none with what was before [CA-05, S31]", async () => {
  const mortal = await startRedis();
  onTestFinished(() => mortal.kill());
  const namespace = randomUUID();
  const a = await openCache({ namespace, redisUrl: mortal.url });
  const b = await openCache({ namespace, redisUrl: mortal.url });
  let row = 1;
  const read = (part: typeof a) => part.cache.getOrLoad("k", TTL, async () => row);
  for (const part of [a, b]) expect(await read(part)).toBe(1);
  await mortal.kill();
  await waitFor(
    () =>
      b.check.check().then(
        () => false,
        () => true,
      ),
    { what: "B to notice" },
  );
  row = 2;
  await a.cache.invalidateTags(["row"]);
  for (const part of [a, b]) expect(await read(part)).toBe(2);
  const reborn = await startRedis({ port: mortal.port });
  onTestFinished(() => reborn.stop());
  for (const part of [a, b]) {
    await healthy(part);
    expect(await read(part)).toBe(2);
  }
  expect(await b.cache.get("k")).toBe(2);
});

test("a Redis that was set back to an old snapshot gives nothing of it: what it holds was invalidated since", async () => {
  const mortal = await startRedis();
  onTestFinished(() => mortal.kill());
  const namespace = randomUUID();
  const part = await openCache({ namespace, redisUrl: mortal.url });
  let row = 1;
  const read = () => part.cache.getOrLoad("k", TTL, async () => row);
  expect(await read()).toBe(1);
  const before = new Redis(mortal.url);
  onTestFinished(() => before.disconnect());
  // The snapshot: everything as it was, marks and entries.
  const names = await before.keys(`${namespace}:*`);
  const snapshot = await Promise.all(names.map(async (name) => [name, await before.dumpBuffer(name)] as const));
  expect(names.length).toBeGreaterThan(2);
  row = 2;
  await part.cache.invalidateTags(["row"]);
  expect(await read()).toBe(2);
  before.disconnect();
  await mortal.kill();
  const reborn = await startRedis({ port: mortal.port });
  onTestFinished(() => reborn.stop());
  const after = new Redis(reborn.url);
  onTestFinished(() => after.disconnect());
  for (const [name, dump] of snapshot) if (dump !== null) await after.restore(name, 0, dump, "REPLACE");
  await healthy(part);
  expect(await read()).toBe(2);
});

test("a process that is cut off serves nothing from memory after a second, and says that it is degraded [S36]", async () => {
  const namespace = randomUUID();
  const { url, proxy } = await openPath(redis);
  const a = await openCache({ namespace, redisUrl: redis.url });
  const b = await openCache({ namespace, redisUrl: url });
  for (const mode of ["black-hole", "refuse", "half-open"] as const) {
    let row = "old";
    const read = () => b.cache.getOrLoad("k", TTL, async () => row);
    await healthy(b);
    await b.cache.clear();
    expect(await read()).toBe("old");
    await proxy.mode(mode);
    row = "new";
    await a.cache.invalidateTags(["row"]);
    const since = performance.now();
    let lastOld = since;
    const renewed = async () => {
      const begun = performance.now();
      if ((await read()) === "new") return true;
      lastOld = begun;
      return false;
    };
    await waitFor(renewed, { what: `B to give up its memory (${mode})`, intervalMs: 5 });
    // Memory is trusted by its own clock: this holds on a machine of any speed.
    expect(lastOld - since).toBeLessThanOrEqual(1_000);
    await expect(b.check.check()).rejects.toThrow();
    await proxy.mode("pass");
  }
});

test("a listener that loses its connection forgets what it may have missed, and memory answers again afterwards [S36]", async () => {
  const namespace = randomUUID();
  const a = await openCache({ namespace, redisUrl: redis.url });
  const b = await openCache({ namespace, redisUrl: redis.url });
  const console = commandLine();
  let row = 0;
  const read = () => b.cache.getOrLoad("k", TTL, async () => row);
  for (let round = 1; round <= 20; round += 1) {
    await read();
    row = round;
    await Promise.all([console.call("CLIENT", "KILL", "TYPE", "pubsub"), a.cache.invalidateTags(["row"])]);
    await waitWithin(1_500, async () => (await read()) === round, { what: "B to read the new row" });
  }
  await healthy(b);
  await read();
  const before = b.counters().memory.hits;
  await read();
  expect(b.counters().memory.hits).toBe(before + 1);
});

test("a slow Redis costs a read no more than its patience, and the next ones nothing for a while [S31]", async () => {
  const { url, proxy } = await openPath(redis);
  const { cache, counters } = await openCache({ redisUrl: url, timeoutMs: 50 });
  await proxy.mode({ delayMs: 400 });
  const stopwatch = startStopwatch();
  for (let at = 0; at < 20; at += 1) {
    expect(await cache.getOrLoad(`k${at}`, TTL, async () => at)).toBe(at);
  }
  // Each would take 800 ms and more, and if each lost its own patience, 100 ms.
  expect(stopwatch.ms()).toBeLessThan(1_000);
  stopwatch.stop();
  expect(counters().redis?.errors).toBeGreaterThan(0);
});

test("what cannot be brought to Redis is brought there as soon as it is back, also when nobody reads [S34]", async () => {
  const namespace = randomUUID();
  const { url, proxy } = await openPath(redis);
  const a = await openCache({ namespace, redisUrl: url });
  const b = await openCache({ namespace, redisUrl: redis.url });
  let row = "old";
  const read = (part: typeof a) => part.cache.getOrLoad("k", TTL, async () => row);
  for (const part of [a, b]) expect(await read(part)).toBe("old");
  await proxy.mode("black-hole");
  row = "new";
  await a.cache.invalidateTags(["row"]);
  expect(await read(a)).toBe("new");
  await proxy.mode("pass");
  await waitFor(async () => (await read(b)) === "new", { what: "B to hear of it" });
});

test("entries, marks, journal and notices that nobody of this release wrote are misses, never errors [S41]", async () => {
  const namespace = randomUUID();
  const { cache } = await openCache({ namespace, redisUrl: redis.url });
  const console = commandLine();
  const poison: Record<string, () => Promise<unknown>> = {
    "another type": () => console.set(`${namespace}:entry:k`, "text"),
    "no JSON": () => console.zadd(`${namespace}:entry:k`, 1, "{"),
    "another format": () => console.zadd(`${namespace}:entry:k`, 1, '{"format":0}'),
    "a value that is none": () =>
      console.zadd(`${namespace}:entry:k`, 1, '{"format":1,"expiresAt":9e15,"marks":[],"value":"{\\"$later\\":1}"}'),
    "a prototype": () =>
      console.zadd(`${namespace}:entry:k`, 1, '{"format":1,"expiresAt":9e15,"marks":[["__proto__","1"]],"value":"1"}'),
    "a mark of another type": () => console.lpush(`${namespace}:tag:row`, "x"),
    "a line in the journal": () => console.xadd(`${namespace}:journal`, "*", "marks", "{"),
    "a notice": () => console.publish(`${namespace}:notices`, "\0"),
  };
  for (const [what, spoil] of Object.entries(poison)) {
    await console.del(`${namespace}:entry:k`, `${namespace}:tag:row`);
    await cache.clear();
    await spoil();
    expect(await cache.getOrLoad("k", TTL, async () => what), what).toBe(what);
    expect(await cache.getOrLoad("k2", { ttlMs: 60_000, tagsOf: () => ["row"] }, async () => what), what).toBe(what);
  }
});
