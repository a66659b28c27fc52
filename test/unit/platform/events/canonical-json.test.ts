import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, whyNotCanonical } from "../../../../platform/events/canonical-json.ts";

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

test.each([
  ["half a character", { a: ["\ud800"] }, "a.0 holds half a character"],
  ["half a character in a name", { a: { "\udc00": 1 } }, "a.a name holds half a character"],
  ["U+0000", { a: "x\0" }, "a holds the character U+0000"],
  ["U+0000 in a name", { "\0": 1 }, "a name holds the character U+0000"],
  ["a number that is none", { a: Number.NaN }, "a is NaN"],
  ["an infinite number", { a: -Infinity }, "a is -Infinity"],
  ["a bigint", { a: 1n }, "a is a bigint"],
  ["a date", { a: new Date(0) }, "a is an object that JSON does not know"],
  ["nothing in a list", { a: [undefined] }, "a.0 is a undefined"],
  ["a member __proto__", JSON.parse('{"a": {"__proto__": 1}}'), "a.a name is __proto__"],
  ["what is nested too deep", nested(65), "is nested more than 64 deep"],
])("%s has no canonical form, and it is said where", (_, value, problem) => {
  expect(whyNotCanonical(value)).toContain(problem);
  expect(() => canonicalJson(value)).toThrow(problem);
});

test("any JSON of whole characters has one, which is the same value whatever the order of its members", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      fc.pre(whyNotCanonical(value) === undefined);
      const text = canonicalJson(value);
      const read: unknown = JSON.parse(text);
      expect(JSON.stringify(read)).toEqual(JSON.stringify(JSON.parse(text)));
      expect(canonicalJson(read)).toBe(text);
      expect(canonicalJson(JSON.parse(JSON.stringify(value)))).toBe(text);
    }),
  );
  expect(canonicalJson({ b: 1, a: [nested(60)] })).toBe(canonicalJson({ a: [nested(60)], b: 1 }));
});
