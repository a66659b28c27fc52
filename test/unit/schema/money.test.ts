import fc from "fast-check";
import { expect, test } from "vitest";
import { decimalOf, writeMoney } from "../../../schema/money.ts";

const money = (amountMinor: bigint, currency: string, exponent: number) => ({ amountMinor, currency, exponent });

test.each([
  [money(4_900n, "EUR", 2), "en", "€49.00"],
  [money(5n, "EUR", 2), "en", "€0.05"],
  [money(0n, "EUR", 2), "en", "€0.00"],
  [money(-1_250n, "EUR", 2), "en", "-€12.50"],
  [money(-5n, "EUR", 2), "en", "-€0.05"],
  [money(900n, "JPY", 0), "en", "¥900"],
  [money(1_234n, "KWD", 3), "en", "KWD 1.234"],
  [money(4_900n, "EUR", 2), "de", "49,00 €"],
  [money(123_456_789n, "EUR", 2), "fr", "1 234 567,89 €"],
])("$amountMinor $currency is written in its minor unit, as the reader does", (amount, locale, written) => {
  expect(writeMoney(amount, locale).replaceAll(/\s/g, " ")).toBe(written);
});

test("an amount beyond what a float holds is written to its last digit", () => {
  expect(writeMoney(money(9_223_372_036_854_775_807n, "EUR", 2), "en")).toBe("€92,233,720,368,547,758.07");
  expect(writeMoney(money(123_456_789_012_345_678_901_234_567_890n, "JPY", 0), "en")).toBe(
    "¥123,456,789,012,345,678,901,234,567,890",
  );
});

test("the decimal digits of any amount say the same amount", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), fc.nat(4), (amountMinor, exponent) => {
      const text = decimalOf(amountMinor, exponent);
      const [whole = "", fraction = ""] = text.split(".");
      expect(fraction).toHaveLength(exponent);
      expect(BigInt(`${whole}${fraction}`)).toBe(amountMinor);
    }),
  );
});
