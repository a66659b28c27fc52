import fc from "fast-check";
import { expect, test } from "vitest";
import { fromStripeAmount, toStripeAmount } from "../../../../../subgraphs/billing/provider/stripe/stripe-amount.ts";

test.each([
  ["EUR", 1_234n, 1_234],
  ["JPY", 500n, 500],
  ["KWD", 1_230n, 1_230],
  ["ISK", 500n, 50_000],
  ["UGX", 5n, 500],
  ["MGA", 500n, 5],
])("of %s, %s minor units are %s for Stripe, and back", (currency, minor, amount) => {
  expect(toStripeAmount(minor, currency)).toBe(amount);
  expect(fromStripeAmount(amount, currency.toLowerCase())).toBe(minor);
});

test("what Stripe cannot charge is refused, and never rounded", () => {
  expect(() => toStripeAmount(501n, "MGA")).toThrow("no part of a whole MGA");
  expect(() => toStripeAmount(2n ** 60n, "EUR")).toThrow("more than Stripe charges");
});

test("every amount comes back as it was", () => {
  const currency = fc.constantFrom("EUR", "JPY", "KWD", "ISK", "UGX");
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n }), currency, (minor, code) => {
      return fromStripeAmount(toStripeAmount(minor, code), code.toLowerCase()) === minor;
    }),
  );
});
