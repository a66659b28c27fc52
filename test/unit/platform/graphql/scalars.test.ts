// What clients may send as a custom scalar: nothing that a database would have to refuse.
import { parseValue } from "graphql";
import { expect, test } from "vitest";
import { scalars } from "../../../../platform/graphql/scalars.ts";

test.each(["0001-01-01T00:00:00Z", "2026-02-28T23:59:59.999+02:00", "9999-12-31T23:59:59.999Z"])(
  "%s is a moment",
  (text) => {
    expect(scalars.DateTime.parseValue(text)).toEqual(new Date(text));
    expect(scalars.DateTime.parseLiteral(parseValue(JSON.stringify(text)))).toEqual(new Date(text));
  },
);

test.each([
  "0000-12-31T23:59:59Z",
  "0001-01-01T00:00:00+00:01",
  "9999-12-31T23:59:59.999-00:01",
  "+275760-09-13T00:00:00Z",
  "2026-02-30T00:00:00Z",
  "2026-01-01",
  "2026-01-01T00:00:00\u0000Z",
  5,
  null,
])("%j is no moment that can be stored", (value) => {
  expect(() => scalars.DateTime.parseValue(value)).toThrow();
});

test("an integer that is sent has at most 64 bits", () => {
  expect(scalars.BigInt.parseValue("-9223372036854775808")).toBe(-(2n ** 63n));
  expect(scalars.BigInt.parseValue(12)).toBe(12n);
  for (const value of ["9223372036854775808", "9".repeat(400), "1.0", "", 2 ** 60, 0.5, null]) {
    expect(() => scalars.BigInt.parseValue(value)).toThrow();
  }
});

test("JSON holds no text that cannot be stored, neither as a value nor as a name [S21]", () => {
  const value = { a: ["é", { b: 1 }], c: null };
  expect(scalars.JSON.parseValue(value)).toEqual(value);
  for (const wrong of [["half \ud83d"], { "a\u0000": 1 }]) {
    expect(() => scalars.JSON.parseValue(wrong)).toThrow("cannot be stored");
  }
});
