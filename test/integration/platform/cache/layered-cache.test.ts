// Memory over a real Redis: each cache of these tests is what one process has.
import { expect, test } from "vitest";
import { z } from "zod";
import { redisOfFile } from "../../../support/services/redis-of-file.ts";
import { waitWithin } from "../../../support/wait.ts";
import { holdLoad } from "./held-load.ts";
import { type CacheSetup, openCaches } from "./open-cache.ts";

const TTL = { ttlMs: 60_000 };
const redis = redisOfFile();

const openTwo = (setup: Partial<CacheSetup> = {}) => openCaches({ redisUrl: redis.url, ...setup });

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
  expect(await b.cache.getOrLoad("k", { ttlMs: 10_000 }, async () => "second")).toBe("first");
  now += 1_000;
  expect(await b.cache.get("k")).toBeUndefined();
  expect(await a.cache.get("k")).toBeUndefined();
});

test("what another process stored in another form is served to nobody who checks it, also once it was looked at", async () => {
  const [a, b] = await openTwo();
  const options = { ...TTL, version: 7, parse: (value: unknown) => z.object({ name: z.string() }).parse(value) };
  await a.cache.set("k", { title: "of another release" }, { ...TTL, version: 7 });
  // As the observer does, which compares and parses nothing.
  expect(await b.cache.get("k")).toEqual({ title: "of another release" });
  const load = async () => ({ name: "loaded" });
  expect(await b.cache.getOrLoad("k", options, load)).toEqual({ name: "loaded" });
  expect(await a.cache.getOrLoad("k", options, () => Promise.reject(new Error("not replaced")))).toEqual({
    name: "loaded",
  });
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
    await waitWithin(1_000, async () => (await b.cache.get("k")) !== "old", { what: "B to evict" });
  }
});

test("a value whose own tag was invalidated while it was loaded is kept nowhere [S34]", async () => {
  const [a, b] = await openTwo();
  for (const [loader, writer] of [
    [a, b],
    [a, a],
  ] as const) {
    const options = { ...TTL, tagsOf: (value: string) => [`about ${value}`] };
    const { reading, finish } = await holdLoad(loader.cache, "k", options);
    await writer.cache.invalidateTags(["about this"]);
    finish("this");
    expect(await reading).toBe("this");
    expect(await a.cache.get("k")).toBeUndefined();
    expect(await b.cache.get("k")).toBeUndefined();
  }
});

test("200 concurrent reads of a cold key, and of one whose time has come, load once over two processes [CA-01]", async () => {
  let now = Date.now();
  const [a, b] = await openTwo({ clock: { now: () => new Date(now) } });
  let loads = 0;
  const load = async () => {
    loads += 1;
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { amountMinor: 5n };
  };
  const readAll = () =>
    Promise.all(Array.from({ length: 200 }, (_, at) => (at % 2 ? a : b).cache.getOrLoad("k", { ttlMs: 10_000 }, load)));
  for (const value of await readAll()) expect(value).toEqual({ amountMinor: 5n });
  expect(loads).toBe(1);
  now += 10_000;
  for (const value of await readAll()) expect(value).toEqual({ amountMinor: 5n });
  expect(loads).toBe(2);
});

test("1,000 writes by A: A never reads an older row, B for no longer than a second, and neither in the end [CA-02, S34, S36]", async () => {
  const [a, b] = await openTwo();
  let row = 0;
  let staleAtA = 0;
  const behindMs: number[] = [];
  const options = { ...TTL, tags: ["row"], versionOf: (value: number) => value };
  const load = async () => row;
  for (let write = 1; write <= 1_000; write += 1) {
    row = write;
    if (write % 2) await a.cache.delete("k", { version: write });
    else await a.cache.invalidateTags(["row"]);
    const since = performance.now();
    if ((await a.cache.getOrLoad("k", options, load)) !== write) staleAtA += 1;
    while ((await b.cache.getOrLoad("k", options, load)) !== write) {
      if (performance.now() - since > 5_000) throw new Error("B is still behind after 5 s");
      await new Promise((resolve) => setImmediate(resolve));
    }
    behindMs.push(performance.now() - since);
  }
  expect(staleAtA).toBe(0);
  expect(behindMs.toSorted((x, y) => x - y)[990]).toBeLessThan(1_000);
});

test("the same id in two tenants and for two viewers of different rights is never mixed up, 1,000 times [CA-07]", async () => {
  const [a, b] = await openTwo();
  const scopes = ["org_1:OWNER", "org_1:MEMBER", "org_2:OWNER", "viewer:usr_1", "viewer:usr_2"];
  const reads = Array.from({ length: 1_000 }, async (_, at) => {
    const { cache } = at % 2 ? a : b;
    const scope = scopes[at % scopes.length] ?? "";
    if (at % 97 === 0) await cache.invalidateTags([scope]);
    const seen = await cache.getOrLoad(`${scope}:inv_1`, { ...TTL, tags: [scope] }, async () => ({ scope }));
    return seen.scope === scope;
  });
  expect((await Promise.all(reads)).filter((own) => !own)).toEqual([]);
});

test("a value set by one process replaces what others hold, and a load from before it is not stored over it [S33]", async () => {
  const [a, b] = await openTwo();
  const { reading, finish } = await holdLoad(b.cache, "k", TTL);
  await a.cache.set("k", "written", TTL);
  finish("read before");
  await reading;
  expect(await a.cache.get("k")).toBe("written");
  await waitWithin(1_000, async () => (await b.cache.get("k")) === "written", { what: "B to follow" });
});
