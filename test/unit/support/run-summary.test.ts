import { expect, test } from "vitest";
import { type SuitesNotRun, summarize } from "../../support/run-summary.ts";

const NOT_RUN: SuitesNotRun = {
  project: "e2e",
  files: ["test/e2e/pay.test.ts", "test/e2e/live.test.ts"],
  reasons: ["chromium: install Chromium"],
};

test("the last line holds the three counts and nothing else", () => {
  const { lines, exitCode } = summarize({ passed: 4, failed: 0, skipped: 1 }, [], true);
  expect(lines).toEqual(["4 passed, 0 failed, 1 skipped"]);
  expect(exitCode).toBe(0);
});

test("a failed test fails the run", () => {
  expect(summarize({ passed: 4, failed: 1, skipped: 0 }, [], false).exitCode).toBe(1);
});

test("a suite that could not run is named with its reason and counted as skipped", () => {
  const { lines, exitCode } = summarize({ passed: 4, failed: 0, skipped: 0 }, [NOT_RUN], false);
  expect(lines).toEqual([
    "Not run: e2e (2 files)",
    "  because chromium: install Chromium",
    "  test/e2e/pay.test.ts",
    "  test/e2e/live.test.ts",
    "4 passed, 0 failed, 2 skipped",
  ]);
  expect(exitCode).toBe(0);
});

test("under CI a suite that could not run fails the run", () => {
  const { lines, exitCode } = summarize({ passed: 4, failed: 0, skipped: 0 }, [NOT_RUN], true);
  expect(lines.at(-1)).toBe("4 passed, 2 failed, 0 skipped");
  expect(exitCode).toBe(1);
});

test("a run in which no test was found fails", () => {
  expect(summarize({ passed: 0, failed: 0, skipped: 0 }, [], false).exitCode).toBe(1);
});
