import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeValue, encodeValue } from "../../../../platform/cache/value-codec.ts";

test("dates, big integers, maps, sets and bytes come back as what they were [S41]", () => {
  const value = {
    at: new Date("2026-01-02T03:04:05.006Z"),
    amountMinor: 2n ** 70n,
    limits: new Map<string, bigint | null>([
      ["seats", 5n],
      ["calls", null],
    ]),
    roles: new Set(["owner"]),
    missing: undefined,
    text: Buffer.from("{}"),
    $date: "not a date",
    list: [-0, Number.NaN, Number.POSITIVE_INFINITY],
    nothing: null,
  };
  expect(decodeValue(encodeValue(value))).toStrictEqual(value);
  expect(decodeValue(encodeValue(undefined))).toBeUndefined();
});

test("every value of the supported kinds survives [S41]", () => {
  const values = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: false,
  });
  fc.assert(
    fc.property(values, (value) => {
      expect(decodeValue(encodeValue(value))).toStrictEqual(value);
    }),
  );
});

test("what could not be read back is refused at once", () => {
  expect(() => encodeValue(() => 1)).toThrow("a function cannot be cached");
  expect(() => encodeValue({ url: new URL("http://localhost") })).toThrow("a URL cannot be cached");
});

test.each(["", "{", '{"$later":1}', '{"$bigint":"x"}', '{"$map":[1]}'])("%s is no cached value [S41]", (text) => {
  expect(() => decodeValue(text)).toThrow();
});
