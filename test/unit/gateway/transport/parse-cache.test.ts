// What is held of answers, and for whom.
import fc from "fast-check";
import { expect, test } from "vitest";
import { internJson } from "../../../../gateway/transport/interned-json.ts";
import { createParseCache } from "../../../../gateway/transport/parse-cache.ts";

const answer = (text: string) => Buffer.from(JSON.stringify({ data: { text: text.repeat(2_000) } }));

test("an answer is held when it comes the second time in a row, and from then on is the same object", () => {
  const parseCache = createParseCache();
  expect(parseCache.read("q", answer("a")).cached).toBe(false);
  const second = parseCache.read("q", answer("a"));
  const third = parseCache.read("q", answer("a"));
  expect([second.cached, third.cached]).toEqual([true, true]);
  expect(third.json).toBe(second.json);
  expect(third.json).toEqual(JSON.parse(answer("a").toString()));
});

test("another answer, or another question, is never answered by what is held", () => {
  const parseCache = createParseCache();
  for (const _ of [1, 2]) parseCache.read("q", answer("a"));
  expect(parseCache.read("q", answer("b"))).toMatchObject({ json: JSON.parse(answer("b").toString()), cached: false });
  expect(parseCache.read("p", answer("a")).cached).toBe(false);
  expect(parseCache.read("q", answer("a")).cached).toBe(false);
});

test("answers that take turns are not held", () => {
  const parseCache = createParseCache();
  const cached = ["a", "b", "a", "b"].map((text) => parseCache.read("q", answer(text)).cached);
  expect(cached).toEqual([false, false, false, false]);
});

test("what is no JSON is refused, and small answers are not worth holding", () => {
  const parseCache = createParseCache();
  expect(() => parseCache.read("q", Buffer.from("<html>".repeat(500)))).toThrow(SyntaxError);
  for (const _ of [1, 2, 3]) expect(parseCache.read("q", Buffer.from("{}"))).toMatchObject({ json: {}, cached: false });
});

test("interned values are equal to what they were, whatever their names and depth", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      expect(JSON.stringify(internJson(JSON.parse(text)))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
  const poisoned = '{"__proto__":{"a":[1]},"constructor":{"a":[1]},"b":{"a":[1]}}';
  expect(JSON.stringify(internJson(JSON.parse(poisoned)))).toBe(poisoned);
  const deep = `${'{"a":['.repeat(900)}1${"]}".repeat(900)}`;
  expect(JSON.stringify(internJson(JSON.parse(deep)))).toBe(deep);
});

test("equal objects become one, different ones do not", () => {
  const value = [{ a: [1] }, { a: [1] }, { a: [2] }, { a: ["1"] }];
  internJson(value);
  expect(value[1]).toBe(value[0]);
  expect(new Set(value).size).toBe(3);
});

test("an answer is plain when no string in it would have to be escaped", () => {
  const parseCache = createParseCache();
  const plain = (text: string) => parseCache.read("q", Buffer.from(JSON.stringify([text]))).plain;
  expect(["Zoë 😀 /", 'a"b', "a\nb", "\ud800"].map(plain)).toEqual([true, false, false, false]);
});
