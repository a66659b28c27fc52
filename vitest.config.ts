import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { TEST_PROJECTS } from "./test/projects.ts";

export default defineConfig({
  test: {
    projects: TEST_PROJECTS.map(({ name, timeoutMs, workers, services }, order) => ({
      // Vite would take graphql's `module` build while packages in node_modules take its `main`: two copies, whose types refuse
      // each other. Deletable when graphql 17, which has `exports`, may be used.
      resolve: { alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve("graphql")) }] },
      test: {
        name,
        include: [`test/${name}/**/*.test.{ts,tsx}`],
        testTimeout: timeoutMs,
        hookTimeout: timeoutMs,
        // kafkajs 2.2.4 computes negative timeouts, which Node takes as 1 ms: harmless, and printed by every process.
        execArgv: ["--disable-warning=TimeoutNegativeWarning"],
        maxWorkers: workers,
        fileParallelism: workers > 1,
        // One project after the other: a fault injected by one must not slow down another.
        sequence: { groupOrder: order },
        setupFiles: ["test/support/after-each-file.ts"],
        globalSetup: services.length === 0 ? [] : ["test/support/global-setup.ts"],
      },
    })),
  },
});
