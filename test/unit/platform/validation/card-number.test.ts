import fc from "fast-check";
import { expect, test } from "vitest";
import { holdsCardNumber } from "../../../../platform/validation/text/card-number.ts";

/** Test cards of the schemes, and of Stripe. */
const NUMBERS = ["4242424242424242", "5555555555554444", "2223003122003222", "378282246310005", "6011111111111117"];
const grouped = (number: string, separator: string): string =>
  number.startsWith("37")
    ? [number.slice(0, 4), number.slice(4, 10), number.slice(10)].join(separator)
    : (number.match(/\d{1,4}/g) ?? []).join(separator);

test.each(NUMBERS)("the card number %s is found, alone and in a sentence, in one piece and grouped [S92]", (number) => {
  for (const text of [number, grouped(number, " "), grouped(number, "-"), grouped(number, ".")]) {
    for (const sentence of [text, `My card is ${text}.`, `(${text})`, `card:${text},12/30`]) {
      expect(holdsCardNumber(sentence), sentence).toBe(true);
    }
  }
});

test.each([
  ["a wrong check digit", "4242424242424241"],
  ["too few digits", "424242424242"],
  ["a part of a longer number", "42424242424242424242424242"],
  ["a moment in milliseconds", "1764593284000"],
  ["digits grouped otherwise", "42 4242 4242 4242 42"],
  ["an IBAN", "DE89 3704 0044 0532 0130 00"],
  ["a phone number", "+49 30 1234567890"],
  ["a version", "Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0.6099.109 Safari/537.36"],
  ["nothing", ""],
])("%s is no card number", (_what, text) => {
  expect(holdsCardNumber(text)).toBe(false);
});

test("no id of ours is taken for a card number", () => {
  const id = fc.uuid({ version: 7 }).map((uuid) => `inv_${uuid}`);
  fc.assert(fc.property(fc.oneof(fc.uuid(), id), (text) => !holdsCardNumber(text)));
});
