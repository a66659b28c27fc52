// The end of a test run in plain words: which suites could not run and why, and one last line with the counts.
import type { TestModule } from "vitest/node";

export interface SuitesNotRun {
  readonly project: string;
  readonly files: readonly string[];
  /** One line per missing service, saying what to install. */
  readonly reasons: readonly string[];
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Tests by outcome; a file or suite that broke outside its tests counts as one failure, so that it cannot look like
 * success.
 */
export function countTests(modules: readonly TestModule[], unhandledErrors: number): Counts {
  let passed = 0;
  let failed = unhandledErrors;
  let skipped = 0;
  for (const testModule of modules) {
    let failedHere = 0;
    for (const testCase of testModule.children.allTests()) {
      const { state } = testCase.result();
      if (state === "passed") passed += 1;
      else if (state === "failed") failedHere += 1;
      else skipped += 1;
    }
    failed += failedHere === 0 && !testModule.ok() ? 1 : failedHere;
  }
  return { passed, failed, skipped };
}

/**
 * A file that could not run counts as one skipped test, or under CI as one failed: there, not knowing is failing. A run
 * in which nothing passed is a failure too: a mistyped filter must not look like success.
 */
export function summarize(
  counts: Counts,
  notRun: readonly SuitesNotRun[],
  ci: boolean,
): { lines: string[]; exitCode: 0 | 1 } {
  const filesNotRun = notRun.reduce((sum, { files }) => sum + files.length, 0);
  const failed = counts.failed + (ci ? filesNotRun : 0);
  const skipped = counts.skipped + (ci ? 0 : filesNotRun);
  const lines = notRun.flatMap(({ project, files, reasons }) => [
    `Not run: ${project} (${files.length} ${files.length === 1 ? "file" : "files"})`,
    ...reasons.map((reason) => `  because ${reason}`),
    ...files.map((file) => `  ${file}`),
  ]);
  lines.push(`${counts.passed} passed, ${failed} failed, ${skipped} skipped`);
  return { lines, exitCode: failed > 0 || counts.passed + skipped === 0 ? 1 : 0 };
}
