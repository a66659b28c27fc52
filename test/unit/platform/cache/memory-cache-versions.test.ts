import fc from "fast-check";
import { expect, test } from "vitest";
import { createCacheMeter } from "../../../../platform/cache/cache-meter.ts";
import { createMemoryCache } from "../../../../platform/cache/memory-cache.ts";
import { type Deferred, deferred } from "../../../support/wait.ts";

const TTL = { ttlMs: 1_000 };

function setup({ jitter = 0, chance = 0 } = {}) {
  let now = 0;
  const meter = createCacheMeter();
  const cache = createMemoryCache({
    maxEntries: 100,
    clock: { now: () => new Date(now) },
    jitter,
    random: () => chance,
    meter,
  });
  return { cache, meter, advance: (ms: number) => (now += ms) };
}

test("a fill does not overwrite a higher version [S34]", async () => {
  const { cache, meter } = setup();
  await cache.set("k", "new", { ...TTL, version: 2 });
  await cache.set("k", "old", { ...TTL, version: 1 });
  await cache.set("k", "of unknown age", TTL);
  expect(await cache.get("k")).toBe("new");
  expect(meter.counters().refusals).toBe(2);
  await cache.set("k", "newest", { ...TTL, version: 3 });
  expect(await cache.get("k")).toBe("newest");
});

test("a deletion is remembered with its version for ten seconds [S34]", async () => {
  const { cache, advance } = setup();
  await cache.set("k", "old", { ...TTL, version: 4 });
  await cache.delete("k", { version: 5 });
  expect(await cache.get("k")).toBeUndefined();
  await cache.set("k", "old", { ...TTL, version: 4 });
  expect(await cache.get("k")).toBeUndefined();
  await cache.set("k", "new", { ...TTL, version: 5 });
  expect(await cache.get("k")).toBe("new");
  for (const version of [4, 5]) await cache.delete("k", { version });
  expect(await cache.get("k")).toBe("new");
  await cache.delete("k", { version: 6 });
  advance(10_000);
  await cache.set("k", "old", { ...TTL, version: 4 });
  expect(await cache.get("k")).toBe("old");
});

test("what is not there has a time to live of its own", async () => {
  const { cache, advance } = setup();
  const options = { ttlMs: 1_000, negativeTtlMs: 50 };
  await cache.getOrLoad<string | null>("k", options, async () => null);
  advance(49);
  expect(await cache.getOrLoad<string | null>("k", options, async () => "born")).toBeNull();
  advance(1);
  expect(await cache.getOrLoad<string | null>("k", options, async () => "born")).toBe("born");
});

test("chance shortens the time to live and never prolongs it", async () => {
  const { cache, advance } = setup({ jitter: 0.2, chance: 0.5 });
  await cache.set("k", 1, TTL);
  advance(899);
  expect(await cache.get("k")).toBe(1);
  advance(1);
  expect(await cache.get("k")).toBeUndefined();
});

test("one caller refreshes an entry shortly before its end, nobody waits for it [CA-01]", async () => {
  const { cache, meter, advance } = setup();
  const options = { ttlMs: 1_000, refreshMs: 200 };
  const gate = deferred<string>();
  await cache.getOrLoad("k", options, async () => "first");
  advance(799);
  expect(await cache.getOrLoad("k", options, () => gate.promise)).toBe("first");
  expect(meter.counters().loads).toBe(1);
  advance(1);
  const reads = Array.from({ length: 200 }, () => cache.getOrLoad("k", options, () => gate.promise));
  expect(new Set(await Promise.all(reads))).toEqual(new Set(["first"]));
  expect(meter.counters().loads).toBe(2);
  gate.resolve("second");
  await expect.poll(() => cache.get("k")).toBe("second");
});

test("a refresh that fails leaves the entry to its end and is counted", async () => {
  const { cache, meter, advance } = setup();
  const options = { ttlMs: 1_000, refreshMs: 200 };
  await cache.getOrLoad("k", options, async () => 1);
  advance(900);
  expect(await cache.getOrLoad("k", options, () => Promise.reject(new Error("no")))).toBe(1);
  await expect.poll(() => meter.counters().errors).toBe(1);
  expect(await cache.get("k")).toBe(1);
});

test("hits, misses, loads and evictions are counted [S32]", async () => {
  const meter = createCacheMeter();
  const cache = createMemoryCache({ maxEntries: 1, clock: { now: () => new Date(0) }, meter });
  await cache.getOrLoad("a", TTL, async () => 1);
  await cache.getOrLoad("a", TTL, async () => 1);
  await cache.getOrLoad("b", TTL, async () => 1);
  expect(meter.counters()).toEqual({ hits: 1, misses: 2, loads: 2, fills: 2, evictions: 1, refusals: 0, errors: 0 });
});

/**
 * A row with a version, its readers whose loads take as long as the schedule says, and messages that arrive late or
 * twice.
 */
type Step =
  | { readonly kind: "write" | "read" | "drop" }
  | { readonly kind: "finish"; readonly which: number }
  | { readonly kind: "late fill" | "late delete"; readonly back: number }
  | { readonly kind: "wait"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("write" as const, "read" as const, "read" as const, "drop" as const) }),
  fc.record({ kind: fc.constant("finish" as const), which: fc.nat(4) }),
  fc.record({ kind: fc.constantFrom("late fill" as const, "late delete" as const), back: fc.nat(5) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(400) }),
);

test("no read is answered by a version older than the last write before it, and loads of one key do not multiply [S34]", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (schedule) => {
      const { cache, advance } = setup();
      const loads: { gate: Deferred<number>; seen: number; generation: number }[] = [];
      const reads: Promise<void>[] = [];
      let row = 1;
      // Changes with each invalidation: between two of them one load is enough.
      let generation = 0;
      const finish = (at: number) => {
        const [load] = loads.splice(at, 1);
        load?.gate.resolve(load.seen);
      };
      const options = { ttlMs: 500, refreshMs: 100, tags: ["row"], versionOf: (version: number) => version };
      const run: { [Kind in Step["kind"]]: (step: Extract<Step, { kind: Kind }>) => unknown } = {
        write: () => {
          row += 1;
          generation += 1;
          return cache.delete("k", { version: row });
        },
        drop: () => {
          generation += 1;
          return cache.invalidateTags(["row"]);
        },
        read() {
          const newest = row;
          const reading = cache.getOrLoad("k", options, () => {
            const load = { gate: deferred<number>(), seen: row, generation };
            expect(loads.filter((other) => other.generation === generation)).toEqual([]);
            loads.push(load);
            return load.gate.promise;
          });
          reads.push(reading.then((seen) => expect(seen).toBeGreaterThanOrEqual(newest)));
        },
        finish: ({ which }) => finish(which % Math.max(1, loads.length)),
        "late fill": ({ back }) => cache.set("k", row - back, { ttlMs: 500, tags: ["other"], version: row - back }),
        "late delete": ({ back }) => {
          generation += 1;
          return cache.delete("k", { version: row - back });
        },
        wait: ({ ms }) => advance(ms),
      };
      // The tombstone lives for ten seconds: late fills come before, as they do where loads have a deadline.
      await cache.delete("k", { version: row });
      let waited = 0;
      for (const one of schedule) {
        waited += one.kind === "wait" ? one.ms : 0;
        if (one.kind === "wait" && waited > 9_000) continue;
        await (run[one.kind] as (step: Step) => unknown)(one);
        await Promise.resolve();
      }
      while (loads.length > 0) finish(0);
      await Promise.all(reads);
    }),
    { numRuns: 500 },
  );
});
