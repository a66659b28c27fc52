import { expect, test } from "vitest";
import { describeUse } from "../../../web-client/src/format/entitlement.ts";
import { formatMoney, isPositive, toDecimal } from "../../../web-client/src/format/money.ts";
import { describeFeature } from "../../../web-client/src/format/plan-feature.ts";
import { slugOf } from "../../../web-client/src/format/slug.ts";

test.each([
  ["4900", 2, "49.00"],
  ["5", 2, "0.05"],
  ["0", 2, "0.00"],
  ["-4905", 2, "-49.05"],
  ["-5", 2, "-0.05"],
  ["1200", 0, "1200"],
  ["1234567", 3, "1234.567"],
  ["900719925474099312345", 2, "9007199254740993123.45"],
])("%s minor units with %i decimals are %s", (amountMinor, exponent, decimal) => {
  expect(toDecimal(amountMinor, exponent)).toBe(decimal);
});

test("amounts show the decimals of their currency", () => {
  expect(formatMoney({ amountMinor: "4900", currency: "EUR", exponent: 2 }, "en")).toBe("€49.00");
  expect(formatMoney({ amountMinor: "1200", currency: "JPY", exponent: 0 }, "en")).toBe("¥1,200");
  expect(formatMoney({ amountMinor: "1234567", currency: "KWD", exponent: 3 }, "en")).toBe("KWD\u00a01,234.567");
});

test("an amount above 2^53 keeps its last digit", () => {
  const money = { amountMinor: "900719925474099301", currency: "EUR", exponent: 2 };
  expect(formatMoney(money, "en")).toBe("€9,007,199,254,740,993.01");
});

test("an amount that is no integer is refused", () => {
  expect(() => toDecimal("4.9", 2)).toThrow(SyntaxError);
});

test("only amounts above zero are due", () => {
  const amount = (amountMinor: string) => ({ amountMinor, currency: "EUR", exponent: 2 });
  expect([amount("1"), amount("0"), amount("-1")].map(isPositive)).toEqual([true, false, false]);
});

test.each([
  ["Analytical Engines", "analytical-engines"],
  ["  Café   Ünïcode! ", "cafe-unicode"],
  ["X", "org-x"],
  ["日本", "org"],
  [`${"long ".repeat(20)}`, "long-long-long-long-long-long-long-long"],
])("the slug of %j is %s", (name, slug) => {
  expect(slugOf(name)).toBe(slug);
});

test("limits of features are grouped, missing ones unlimited", () => {
  expect(describeFeature({ key: "live_connections", limit: "10000" }, "en")).toBe("10,000 live connections");
  expect(describeFeature({ key: "seats", limit: null }, "en")).toBe("Unlimited seats");
});

test("what is used of a feature is told beside its limit", () => {
  expect(describeUse({ key: "events_per_month", limit: "1000000", used: "1200" }, "en")).toBe(
    "1,200 of 1,000,000 events this month",
  );
  expect(describeUse({ key: "seats", limit: null, used: "3" }, "en")).toBe("3 seats, without a limit");
});
