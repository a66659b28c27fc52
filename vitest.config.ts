import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { BEGUN_FIRST, TEST_PROJECTS } from "./test/projects.ts";

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => (BEGUN_FIRST.some((name) => moduleId.endsWith(name)) ? 0 : 1);
    const order = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    return (await super.sort(files)).sort((left, right) => order(left) - order(right) || rank(left) - rank(right));
  }
}

/** Patterns of test/projects.ts, from the project's root. */
const inTests = (patterns: readonly string[]) => patterns.map((pattern) => `test/${pattern}`);

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: TEST_PROJECTS.map(({ name, files, except, timeoutMs, workers, services }, order) => ({
      // Vite would take graphql's `module` build while packages in node_modules take its `main`: two copies, whose
      // types refuse each other. Deletable when graphql 17, which has `exports`, may be used.
      resolve: { alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve("graphql")) }] },
      test: {
        name,
        include: inTests(files),
        exclude: [...configDefaults.exclude, ...inTests(except ?? [])],
        testTimeout: timeoutMs,
        expect: { poll: { timeout: 20_000 } },
        // Hooks start whole platforms, three minutes' work on a machine that is busy with others.
        hookTimeout: services.length === 0 ? timeoutMs : 180_000,
        // kafkajs 2.2.4 computes negative timeouts, which Node takes as 1 ms: harmless, and printed by every process.
        execArgv: ["--disable-warning=TimeoutNegativeWarning"],
        maxWorkers: workers,
        fileParallelism: workers > 1,
        // One project after the other: a fault injected by one must not slow down another.
        sequence: { groupOrder: order },
        setupFiles: ["test/support/setup-file.ts"],
        globalSetup: services.length === 0 ? [] : ["test/support/global-setup.ts"],
      },
    })),
  },
});
