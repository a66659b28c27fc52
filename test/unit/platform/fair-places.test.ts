import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFairPlaces, type FairPlaces } from "../../../platform/fair-places.ts";
import { deferred } from "../../support/wait.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));
const LIMITS = { total: 4, perTenant: 2, waitMs: 60_000, maxWaiting: 100 };

/** Work that runs until it is let go. */
function hold(places: FairPlaces, tenants: readonly string[]) {
  const end = deferred();
  let begun = false;
  const over = places.use(tenants, () => {
    begun = true;
    return end.promise;
  });
  over.catch(() => undefined);
  return { over, letGo: end.resolve, isBegun: () => begun };
}

test("a tenant that asks for a hundred places leaves the others theirs", async () => {
  const places = createFairPlaces(LIMITS);
  const burst = Array.from({ length: 100 }, () => hold(places, ["busy"]));
  expect(await places.use(["quiet"], async () => "answered")).toBe("answered");
  expect(burst.filter(({ isBegun }) => isBegun())).toHaveLength(2);
  for (const { letGo } of burst) letGo();
  await Promise.all(burst.map(({ over }) => over));
  expect(places).toMatchObject({ running: 0, waiting: 0 });
});

test("work for several tenants counts for each of them", async () => {
  const places = createFairPlaces(LIMITS);
  const both = [hold(places, ["user", "one"]), hold(places, ["user", "two"])];
  const third = hold(places, ["user", "three"]);
  await turn();
  expect(third.isBegun()).toBe(false);
  expect(await places.use(["one"], async () => "its organisation has a place left")).toBeDefined();
  for (const { letGo } of [...both, third]) letGo();
  await third.over;
});

describe("work that gets no place", () => {
  const refusal = {
    code: "SERVICE_UNAVAILABLE",
    retryable: true,
    message: expect.stringContaining("idempotency key"),
    details: { retryAfterSeconds: 1 },
  };

  test("is refused when it has waited as long as it may, and has not begun", async () => {
    const places = createFairPlaces({ ...LIMITS, waitMs: 1 });
    const running = [hold(places, ["busy"]), hold(places, ["busy"])];
    const late = hold(places, ["busy"]);
    await expect(late.over).rejects.toMatchObject(refusal);
    expect(late.isBegun()).toBe(false);
    for (const { letGo } of running) letGo();
    await Promise.all(running.map(({ over }) => over));
    expect(places).toMatchObject({ running: 0, waiting: 0 });
  });

  test("is refused oldest first when too many wait", async () => {
    const places = createFairPlaces({ ...LIMITS, maxWaiting: 2 });
    const running = [hold(places, ["busy"]), hold(places, ["busy"])];
    const [oldest, ...others] = Array.from({ length: 3 }, () => hold(places, ["busy"]));
    await expect(oldest?.over).rejects.toMatchObject(refusal);
    for (const { letGo } of [...running, ...others]) letGo();
    await Promise.all(others.map(({ over }) => over));
    expect(oldest?.isBegun()).toBe(false);
  });
});

test("work that fails gives its place back", async () => {
  const places = createFairPlaces({ ...LIMITS, total: 1 });
  await expect(places.use(["one"], () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  expect(await places.use(["two"], async () => "next")).toBe("next");
});

test("whatever is asked for in whatever order, the bounds hold, all work runs, and each tenant's in order", async () => {
  const tenant = fc.constantFrom("a", "b", "c");
  const work = fc.record({ tenants: fc.uniqueArray(tenant, { minLength: 1, maxLength: 2 }), turns: fc.nat(3) });
  await fc.assert(
    fc.asyncProperty(fc.array(work, { maxLength: 40 }), async (asked) => {
      const places = createFairPlaces(LIMITS);
      const held = new Map<string, number>();
      const begun = new Map<string, number[]>();
      const change = (tenants: readonly string[], by: number) => {
        for (const one of tenants) held.set(one, (held.get(one) ?? 0) + by);
      };
      await Promise.all(
        asked.map(({ tenants, turns }, index) =>
          places.use(tenants, async () => {
            change(tenants, 1);
            begun.set(tenants.join(), [...(begun.get(tenants.join()) ?? []), index]);
            expect(places.running).toBeLessThanOrEqual(LIMITS.total);
            expect(Math.max(...held.values())).toBeLessThanOrEqual(LIMITS.perTenant);
            for (let left = turns; left > 0; left -= 1) await turn();
            change(tenants, -1);
          }),
        ),
      );
      expect([...begun.values()].flat()).toHaveLength(asked.length);
      for (const order of begun.values()) expect(order).toEqual(order.toSorted((one, other) => one - other));
      expect(places).toMatchObject({ running: 0, waiting: 0 });
    }),
    { numRuns: 200 },
  );
});
