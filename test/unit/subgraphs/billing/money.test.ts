import { expect, test } from "vitest";
import { eventMoney, exponentOf, money } from "../../../../subgraphs/billing/domain/money.ts";

test("the exponent is the currency's own", () => {
  expect([exponentOf("EUR"), exponentOf("JPY"), exponentOf("KWD")]).toEqual([2, 0, 3]);
});

test("amounts beyond 2^53 keep every digit", () => {
  const amount = 9_007_199_254_740_993n;
  expect(money(amount, "EUR")).toEqual({ amountMinor: amount, currency: "EUR", exponent: 2 });
  expect(eventMoney(amount, "EUR")).toEqual({ amountMinor: "9007199254740993", currency: "EUR", exponent: 2 });
});
