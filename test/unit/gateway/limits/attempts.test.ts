import { expect, test } from "vitest";
import { createAttempts } from "../../../../gateway/limits/attempts.ts";

test("a burst is allowed at once, then one attempt per period", () => {
  let now = 5_000;
  const attempts = createAttempts({ burst: 3, periodMs: 100 }, () => now);
  expect([1, 2, 3, 4].map(() => attempts.take())).toEqual([true, true, true, false]);
  now += 99;
  expect(attempts.take()).toBe(false);
  now += 1;
  expect([attempts.take(), attempts.take()]).toEqual([true, false]);
  now += 10_000;
  expect([1, 2, 3, 4].map(() => attempts.take())).toEqual([true, true, true, false]);
});
