// What is held of answers, and for whom.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createAnswerMemory } from "../../../../gateway/transport/answer-memory.ts";
import { internJson } from "../../../../gateway/transport/interned-json.ts";

const answer = (text: string) => Buffer.from(JSON.stringify({ data: { text: text.repeat(2_000) } }));

test("an answer is held when it comes the second time in a row, and from then on is the same object", () => {
  const memory = createAnswerMemory();
  expect(memory.read("q", answer("a")).held).toBe(false);
  const second = memory.read("q", answer("a"));
  const third = memory.read("q", answer("a"));
  expect([second.held, third.held]).toEqual([true, true]);
  expect(third.json).toBe(second.json);
  expect(third.json).toEqual(JSON.parse(answer("a").toString()));
});

test("another answer, or another question, is never answered by what is held", () => {
  const memory = createAnswerMemory();
  for (const _ of [1, 2]) memory.read("q", answer("a"));
  expect(memory.read("q", answer("b"))).toMatchObject({ json: JSON.parse(answer("b").toString()), held: false });
  expect(memory.read("p", answer("a")).held).toBe(false);
  expect(memory.read("q", answer("a")).held).toBe(false);
});

test("answers that take turns are not held", () => {
  const memory = createAnswerMemory();
  const held = ["a", "b", "a", "b"].map((text) => memory.read("q", answer(text)).held);
  expect(held).toEqual([false, false, false, false]);
});

test("what is no JSON is refused, and small answers are not worth holding", () => {
  const memory = createAnswerMemory();
  expect(() => memory.read("q", Buffer.from("<html>".repeat(500)))).toThrow(SyntaxError);
  for (const _ of [1, 2, 3]) expect(memory.read("q", Buffer.from("{}"))).toMatchObject({ json: {}, held: false });
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
  const memory = createAnswerMemory();
  const plain = (text: string) => memory.read("q", Buffer.from(JSON.stringify([text]))).plain;
  expect(["Zoë 😀 /", 'a"b', "a\nb", "\ud800"].map(plain)).toEqual([true, false, false, false]);
});
