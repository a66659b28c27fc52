import { expect, test } from "vitest";
import { randomFrom, randomOfTest, type SeededRandom } from "../../support/seeded-random.ts";

const draw = (random: SeededRandom) => Array.from({ length: 20 }, () => random.integer(3, 9));

test("the same seed brings the same numbers, another one others", () => {
  expect(draw(randomFrom(7))).toEqual(draw(randomFrom(7)));
  expect(draw(randomFrom(7))).not.toEqual(draw(randomFrom(8)));
});

test("whole numbers lie within their bounds, and reach both", () => {
  const random = randomFrom(1);
  const drawn = new Set(Array.from({ length: 200 }, () => random.integer(3, 9)));
  expect([...drawn].sort()).toEqual([3, 4, 5, 6, 7, 8]);
});

test("each actor of a test draws numbers of its own, the same ones in the same run", () => {
  expect(draw(randomOfTest("reader 1"))).toEqual(draw(randomOfTest("reader 1")));
  expect(draw(randomOfTest("reader 1"))).not.toEqual(draw(randomOfTest("reader 2")));
});
