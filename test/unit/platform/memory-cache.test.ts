import { expect, test } from "vitest";
import { createMemoryCache } from "../../../platform/cache/memory-cache.ts";
import { deferred } from "../../support/wait.ts";

function setup(maxEntries = 100) {
  let now = 0;
  const cache = createMemoryCache({ maxEntries, clock: { now: () => new Date(now) } });
  return { cache, advance: (ms: number) => (now += ms) };
}

test("an entry is served until its time to live has passed [S37]", async () => {
  const { cache, advance } = setup();
  await cache.set("k", 1, { ttlMs: 100 });
  advance(99);
  expect(await cache.get("k")).toBe(1);
  advance(1);
  expect(await cache.get("k")).toBeUndefined();
});

test("concurrent misses of one key load once [CA-01]", async () => {
  const { cache } = setup();
  const gate = deferred<number>();
  let loads = 0;
  const load = () => {
    loads += 1;
    return gate.promise;
  };
  const reads = Array.from({ length: 200 }, () => cache.getOrLoad("k", { ttlMs: 1_000 }, load));
  gate.resolve(7);
  expect(new Set(await Promise.all(reads))).toEqual(new Set([7]));
  expect(loads).toBe(1);
});

test("a tag drops its entries and keeps a load under way from being stored [S34]", async () => {
  const { cache } = setup();
  const gate = deferred<string>();
  await cache.set("other", "kept", { ttlMs: 1_000, tags: ["b"] });
  const reading = cache.getOrLoad("k", { ttlMs: 1_000, tags: ["a"] }, () => gate.promise);
  await cache.invalidateTags(["a"]);
  gate.resolve("stale");
  expect(await reading).toBe("stale");
  expect(await cache.get("k")).toBeUndefined();
  expect(await cache.get("other")).toBe("kept");
  expect(await cache.getOrLoad("k", { ttlMs: 1_000, tags: ["a"] }, async () => "fresh")).toBe("fresh");
  await cache.invalidateTags(["a"]);
  expect(await cache.get("k")).toBeUndefined();
});

test("a read that begins after an invalidation does not join the load from before it", async () => {
  const { cache } = setup();
  const gate = deferred<string>();
  const before = cache.getOrLoad("k", { ttlMs: 1_000, tags: ["a"] }, () => gate.promise);
  await cache.invalidateTags(["a"]);
  expect(await cache.getOrLoad("k", { ttlMs: 1_000, tags: ["a"] }, async () => "fresh")).toBe("fresh");
  gate.resolve("stale");
  await before;
  expect(await cache.get("k")).toBe("fresh");
});

test("an entry has the tags that its value tells, and its load those given before", async () => {
  const { cache } = setup();
  const options = { ttlMs: 1_000, tags: ["loading"], tagsOf: (value: string) => [`is ${value}`] };
  await cache.getOrLoad("k", options, async () => "red");
  await cache.invalidateTags(["loading", "is blue"]);
  expect(await cache.get("k")).toBe("red");
  await cache.invalidateTags(["is red"]);
  expect(await cache.get("k")).toBeUndefined();
  const gate = deferred<string>();
  const loading = cache.getOrLoad("k", options, () => gate.promise);
  await cache.invalidateTags(["loading"]);
  gate.resolve("red");
  await loading;
  expect(await cache.get("k")).toBeUndefined();
});

test("a failed load is not kept", async () => {
  const { cache } = setup();
  await expect(cache.getOrLoad("k", { ttlMs: 1_000 }, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await cache.getOrLoad("k", { ttlMs: 1_000 }, async () => 1)).toBe(1);
});

test("beyond its size the cache forgets the least recently used, and its tags with it", async () => {
  const { cache } = setup(2);
  for (const key of ["a", "b", "c"]) await cache.set(key, key, { ttlMs: 1_000, tags: [`tag-${key}`] });
  expect(await cache.get("a")).toBeUndefined();
  await cache.set("b", "B", { ttlMs: 1_000, tags: ["new"] });
  await cache.invalidateTags(["tag-b"]);
  expect(await cache.get("b")).toBe("B");
  await cache.invalidateTags(["new"]);
  expect(await cache.get("b")).toBeUndefined();
});
