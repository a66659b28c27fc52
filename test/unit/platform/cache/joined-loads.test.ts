import { expect, test } from "vitest";
import { loadInTime } from "../../../../platform/cache/joined-loads.ts";
import { createMemoryCache } from "../../../../platform/cache/memory-cache.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { deadlineExceeded } from "../../../../platform/deadline.ts";

const LIFE = { ttlMs: 60_000 };

test("who joined a load that ended with another's deadline loads again, once for all who joined", async () => {
  const cache = createMemoryCache({ maxEntries: 10, clock: systemClock });
  const first = Promise.withResolvers<string>();
  const hurried = loadInTime(cache, "row", LIFE, () => first.promise);
  let loads = 0;
  const load = async () => {
    loads += 1;
    return "the row";
  };
  const patient = [loadInTime(cache, "row", LIFE, load), loadInTime(cache, "row", LIFE, load)];
  first.reject(deadlineExceeded());
  await expect(hurried).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(await Promise.all(patient)).toEqual(["the row", "the row"]);
  expect(loads).toBe(1);
});

test("who joined a load that failed otherwise fails with it", async () => {
  const cache = createMemoryCache({ maxEntries: 10, clock: systemClock });
  const first = Promise.withResolvers<string>();
  const both = [1, 2].map(() => loadInTime(cache, "row", LIFE, () => first.promise));
  first.reject(new Error("no such table"));
  for (const one of both) await expect(one).rejects.toThrow("no such table");
});
