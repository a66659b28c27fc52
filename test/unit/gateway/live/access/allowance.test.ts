import { expect, test } from "vitest";
import { createAllowance } from "../../../../../gateway/live/access/allowance.ts";

test("each holder has the limit for itself, and gets back what it gives back", () => {
  const allowance = createAllowance(2);
  allowance.take("a");
  allowance.take("a");
  allowance.take("b");
  expect([allowance.isUsedUp("a"), allowance.isUsedUp("b")]).toEqual([true, false]);
  expect([allowance.held("a"), allowance.held("b"), allowance.held("c")]).toEqual([2, 1, 0]);
  allowance.giveBack("a");
  expect([allowance.isUsedUp("a"), allowance.held("a")]).toEqual([false, 1]);
});

test("who holds nothing can give nothing back", () => {
  const allowance = createAllowance(1);
  allowance.giveBack("a");
  allowance.take("a");
  allowance.giveBack("a");
  allowance.giveBack("a");
  expect(allowance.held("a")).toBe(0);
  allowance.take("a");
  expect(allowance.isUsedUp("a")).toBe(true);
});
