import { expect, test } from "vitest";
import { slopeOf } from "../../load/linear-fit.ts";

const along = (y: (x: number) => number) => Array.from({ length: 11 }, (_, x) => ({ x, y: y(x) }));

test("points on a line have its slope", () => {
  expect(slopeOf(along((x) => 7 - 3 * x))).toBeCloseTo(-3);
});

test("what goes up and down all the time does not grow", () => {
  expect(slopeOf(along((x) => 100 + (x % 2)))).toBeCloseTo(0);
});

test("one point has no slope, nor have points at one time", () => {
  expect(slopeOf([{ x: 1, y: 1 }])).toBeNaN();
  expect(
    slopeOf([
      { x: 1, y: 1 },
      { x: 1, y: 2 },
    ]),
  ).toBeNaN();
});
