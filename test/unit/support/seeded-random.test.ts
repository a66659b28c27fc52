import { expect, test } from "vitest";
import { type RandomOfTest, randomOfTest } from "../../support/random-of-test.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const draw = (next: () => number) => Array.from({ length: 20 }, next);
const drawn = (random: RandomOfTest) => Array.from({ length: 20 }, () => random.integer(3, 9));

test("the same seed brings the same numbers, another one others", () => {
  expect(draw(seededRandom(7))).toEqual(draw(seededRandom(7)));
  expect(draw(seededRandom(7))).not.toEqual(draw(seededRandom(8)));
  expect(draw(seededRandom(-7)).every((number) => number >= 0 && number < 1)).toBe(true);
});

test("whole numbers lie within their bounds, and reach both", () => {
  const random = randomOfTest("reader");
  const numbers = new Set(Array.from({ length: 500 }, () => random.integer(3, 9)));
  expect([...numbers].sort()).toEqual([3, 4, 5, 6, 7, 8]);
});

test("each actor of a test draws numbers of its own, the same ones in the same run", () => {
  expect(drawn(randomOfTest("reader 1"))).toEqual(drawn(randomOfTest("reader 1")));
  expect(drawn(randomOfTest("reader 1"))).not.toEqual(drawn(randomOfTest("reader 2")));
});
