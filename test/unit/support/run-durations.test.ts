import { expect, test } from "vitest";
import { describeDurations, inWords } from "../../support/run-durations.ts";

const file = (project: string, name: string, begunAt: number, endedAt: number) => ({
  project,
  file: name,
  begunAt,
  endedAt,
});

test("each project is a line: from its first file's begin to its last file's end, with the slowest files first", () => {
  expect(
    describeDurations([
      file("e2e", "c", 100_000, 190_400),
      file("unit", "a", 0, 2_000),
      file("unit", "b", 1_000, 9_000),
    ]),
  ).toEqual(["unit: 9 s, 2 files; slowest b 8 s, a 2 s", "e2e: 1 min 30 s, 1 file; slowest c 1 min 30 s"]);
});

test("of many files the five slowest are named", () => {
  const files = Array.from({ length: 8 }, (_, index) => file("unit", `f${index}`, 0, index * 1_000));
  expect(describeDurations(files)).toEqual(["unit: 7 s, 8 files; slowest f7 7 s, f6 6 s, f5 5 s, f4 4 s, f3 3 s"]);
});

test("a run of nothing has no lines", () => {
  expect(describeDurations([])).toEqual([]);
});

test("minutes are told from a minute on", () => {
  expect([499, 59_400, 59_600, 125_000].map(inWords)).toEqual(["0 s", "59 s", "1 min 0 s", "2 min 5 s"]);
});
