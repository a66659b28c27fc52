import { expect, test } from "vitest";
import { createQuota } from "../../../../../gateway/live/access/quota.ts";

test("each holder has the limit for itself, and gets back what it gives back", () => {
  const allowance = createQuota(2);
  allowance.take("a");
  allowance.take("a");
  allowance.take("b");
  expect([allowance.isUsedUp("a"), allowance.isUsedUp("b")]).toEqual([true, false]);
  expect([allowance.used("a"), allowance.used("b"), allowance.used("c")]).toEqual([2, 1, 0]);
  allowance.release("a");
  expect([allowance.isUsedUp("a"), allowance.used("a")]).toEqual([false, 1]);
});

test("who holds nothing can give nothing back", () => {
  const allowance = createQuota(1);
  allowance.release("a");
  allowance.take("a");
  allowance.release("a");
  allowance.release("a");
  expect(allowance.used("a")).toBe(0);
  allowance.take("a");
  expect(allowance.isUsedUp("a")).toBe(true);
});
