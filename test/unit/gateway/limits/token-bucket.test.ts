import { expect, test } from "vitest";
import { createTokenBucket } from "../../../../gateway/limits/token-bucket.ts";

test("a burst is allowed at once, then one attempt per period", () => {
  let now = 5_000;
  const bucket = createTokenBucket({ burst: 3, periodMs: 100 }, () => now);
  expect([1, 2, 3, 4].map(() => bucket.take())).toEqual([true, true, true, false]);
  now += 99;
  expect(bucket.take()).toBe(false);
  now += 1;
  expect([bucket.take(), bucket.take()]).toEqual([true, false]);
  now += 10_000;
  expect([1, 2, 3, 4].map(() => bucket.take())).toEqual([true, true, true, false]);
});
