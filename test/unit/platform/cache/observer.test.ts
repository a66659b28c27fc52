import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createMemoryCache } from "../../../../platform/cache/memory-cache.ts";
import { observeCache } from "../../../../platform/cache/observer.ts";
import { systemClock } from "../../../../platform/clock.ts";

const TTL = { ttlMs: 600_000, tags: ["row"] };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setup() {
  const rows = new Map([["k", "first"]]);
  const inner = createMemoryCache({ maxEntries: 100, clock: systemClock });
  const observer = observeCache(inner, { source: async (key) => rows.get(key) });
  const read = () => observer.cache.getOrLoad("k", TTL, async () => rows.get("k"));
  return { rows, inner, observer, read };
}

test("what is invalidated when it changes is never counted", async () => {
  const { rows, observer, read } = setup();
  for (const row of ["second", "third", "fourth"]) {
    await read();
    rows.set("k", row);
    await observer.cache.delete("k");
    await read();
    await vi.advanceTimersByTimeAsync(5_000);
  }
  await vi.advanceTimersByTimeAsync(20_000);
  expect(observer.counters()).toEqual({ checked: 3, stale: 0, failed: 0 });
});

test("a change that nobody told the cache of is counted once it was served for five seconds more", async () => {
  const { rows, observer, read } = setup();
  await read();
  rows.set("k", "second");
  observer.invalidated(["k"]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(observer.counters()).toEqual({ checked: 1, stale: 0, failed: 0 });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(observer.counters().stale).toBe(1);
});

test("a change that is told within five seconds is not counted", async () => {
  const { rows, observer, inner, read } = setup();
  await read();
  observer.invalidated(["k"]);
  await vi.advanceTimersByTimeAsync(4_999);
  rows.set("k", "second");
  await vi.advanceTimersByTimeAsync(1);
  await inner.delete("k");
  await read();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(observer.counters()).toEqual({ checked: 1, stale: 0, failed: 0 });
});

test("a source that fails is counted apart, and what is invalidated by tag is sampled from what was read", async () => {
  const inner = createMemoryCache({ maxEntries: 100, clock: systemClock });
  const observer = observeCache(inner, { source: () => Promise.reject(new Error("away")) });
  await observer.cache.getOrLoad("k", TTL, async () => 1);
  await observer.cache.invalidateTags(["other"]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(observer.counters()).toEqual({ checked: 0, stale: 0, failed: 1 });
});
