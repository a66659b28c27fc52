import { expect, test } from "vitest";
import { createAllowance } from "../../../../gateway/live/allowance.ts";

test("each holder has the limit for itself, and gets back what it gives back", () => {
  const allowance = createAllowance(2);
  allowance.take("a");
  allowance.take("a");
  allowance.take("b");
  expect([allowance.isUsedUp("a"), allowance.isUsedUp("b"), allowance.taken]).toEqual([true, false, 3]);
  allowance.giveBack("a");
  expect([allowance.isUsedUp("a"), allowance.taken]).toEqual([false, 2]);
});

test("who holds nothing can give nothing back", () => {
  const allowance = createAllowance(1);
  allowance.giveBack("a");
  allowance.take("a");
  allowance.giveBack("a");
  allowance.giveBack("a");
  expect(allowance.taken).toBe(0);
  allowance.take("a");
  expect(allowance.isUsedUp("a")).toBe(true);
});
