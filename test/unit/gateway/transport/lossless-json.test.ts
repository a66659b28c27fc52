// Numbers that a double would change stay what their text says, wherever they stand in a JSON text.
import fc from "fast-check";
import { expect, test } from "vitest";
import { internJson } from "../../../../gateway/transport/interned-json.ts";
import { copyJson, isJsonObject } from "../../../../gateway/transport/json-object.ts";
import { parseJson } from "../../../../gateway/transport/lossless-json.ts";
import {
  holdsLossless,
  idTextOf,
  isSameScalar,
  LosslessNumber,
  withDoubles,
} from "../../../../gateway/transport/lossless-number.ts";

const KEPT = [
  "9007199254740993",
  "-9007199254740993",
  "123456789012345678901234567890",
  "1000000000000000000000",
  "0.1000000000000000055",
  "0.0000001",
  "1.0",
  "10.50",
  "-0",
  "-0.0",
  "0.0",
  "1e400",
  "-1e400",
  "1e-400",
  "1e3",
  "1E3",
  "1.5e+300",
  "5e-324",
];

test.each(KEPT)("%s is written as it was read, alone and within lists and objects", (number) => {
  for (const text of [
    number,
    `[${number}]`,
    `{"a":${number}}`,
    `[0,{"a":[{"b":[1,${number}]},${number}]},"${number}"]`,
  ])
    expect(JSON.stringify(parseJson(text))).toBe(text);
});

test.each([
  "0",
  "7",
  "-7",
  "4.5",
  "0.1",
  "2147483648",
  "9007199254740991",
  "1234567.25",
  "0.30000000000000004",
  "0.001",
])("%s, which a double gives back, is a number of JavaScript's", (number) => {
  expect(parseJson(`[${number}]`)).toEqual([Number(number)]);
});

test("what looks like such numbers within texts and names is left alone", () => {
  const text = '{"9007199254740993":"9007199254740993","a\\"":": 1.0, [1e400]","\\\\":"-0"}';
  expect(parseJson(text)).toEqual(JSON.parse(text));
  expect(holdsLossless(parseJson(text))).toBe(false);
});

test("blanks, escaped names and names of JavaScript's own objects are no hindrance", () => {
  const read = parseJson(' { "\\u0061\\n" : [ 1.0 , 2 ] , "__proto__" : { "constructor" : -0 } , "ä€😀" : 1e400 } ');
  expect(JSON.stringify(read)).toBe('{"a\\n":[1.0,2],"__proto__":{"constructor":-0},"ä€😀":1e400}');
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
});

test("of members of one name the last one counts, whatever the others were", () => {
  expect(parseJson('{"a":1.0,"a":2}')).toEqual({ a: 2 });
  expect(parseJson('{"a":{"b":1.0},"a":["x"]}')).toEqual({ a: ["x"] });
  expect(JSON.stringify(parseJson('{"a":2,"a":1.0}'))).toBe('{"a":1.0}');
});

test("what is no JSON is refused as ever", () => {
  for (const text of ["", "01", "1.", ".5", "+1", "NaN", "[1.0", '{"a":9007199254740993,}'])
    expect(() => parseJson(text)).toThrow(SyntaxError);
});

/** JSON texts as `JSON.stringify` writes them, but with numbers of any form. */
const jsonText = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(
      fc.constantFrom(...KEPT),
      fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }).map(String),
      fc.tuple(fc.nat(), fc.nat()).map(([whole, fraction]) => `${whole}.${fraction}`),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? "-0" : String(value))),
    ),
    fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("a", null, true)).map((value) => JSON.stringify(value)),
    fc.array(tie("value"), { maxLength: 5 }).map((items) => `[${items.join(",")}]`),
    fc
      .uniqueArray(fc.tuple(fc.string({ unit: "grapheme" }), tie("value")), {
        selector: ([name]) => name,
        maxLength: 5,
      })
      // JavaScript writes such names first.
      .map((members) => members.filter(([name]) => !/^\d+$/.test(name)))
      .map((members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`),
  ),
})).value;

test("any JSON is written as it was read, also when equal objects became one or were copied", () => {
  fc.assert(
    fc.property(jsonText, (text) => {
      // What strings hold beyond JSON's own escapes, JavaScript decides.
      const value = parseJson(text);
      expect(JSON.stringify(value)).toBe(text);
      expect(JSON.stringify(copyJson(value))).toBe(text);
      expect(JSON.stringify(withDoubles(value))).toBe(JSON.stringify(JSON.parse(text)));
      expect(JSON.stringify(internJson(parseJson(text)))).toBe(text);
    }),
    { numRuns: 1_000 },
  );
});

test("equal objects become one only if their numbers are written alike", () => {
  const read = internJson(parseJson('[{"a":1.0},{"a":1},{"a":1.0},{"a":9007199254740993},{"a":9007199254740992}]'));
  if (!Array.isArray(read)) throw new Error("no list");
  expect(read[0]).toBe(read[2]);
  expect(new Set(read).size).toBe(4);
});

test("a lossless number is no object, is equal to another of its digits, and names what an ID names", () => {
  const number = new LosslessNumber("9007199254740993");
  expect(isJsonObject(number)).toBe(false);
  expect(isSameScalar(number, new LosslessNumber("9007199254740993"))).toBe(true);
  expect(isSameScalar(number, 9007199254740992)).toBe(false);
  expect([number, "a", 7, new LosslessNumber("1.0"), null, {}].map(idTextOf)).toEqual([
    "9007199254740993",
    "a",
    "7",
    "1",
    undefined,
    undefined,
  ]);
});

test("a byte-order mark is passed over, in text and in bytes", () => {
  expect(JSON.stringify(parseJson('\uFEFF{"a":1.0}'))).toBe('{"a":1.0}');
  expect(JSON.stringify(parseJson(Buffer.from('\uFEFF[1.0,"\uFEFF"]')))).toBe('[1.0,"\uFEFF"]');
  expect(() => parseJson('\uFEFF\uFEFF{"a":1.0}')).toThrow(SyntaxError);
});
