// `npm test`: runs every Vitest project (or what the arguments select, as in `vitest run`) with the services it needs, names at
// the end the suites that could not run, and ends with the counts on a line of their own.
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { createVitest, parseCLI, type TestSpecification, type Vitest } from "vitest/node";
import { servicesOf, TEST_PROJECTS } from "./projects.ts";
import { countTests, type SuitesNotRun, summarize } from "./support/run-summary.ts";
import { type EnsuredServices, ensureServices } from "./support/services/ensure-services.ts";

const STOP_DEADLINE_MS = 15_000;
// Inherited by the workers and by every process that a test starts: hundreds of them load the same modules, and parsing those again
// took a quarter of all CPU time.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("../.cache/compiled", import.meta.url));
const ci = !["", "0", "false"].includes(process.env["CI"] ?? "");

let services: EnsuredServices | undefined;
process.exit(await main());

async function main(): Promise<number> {
  const { filter, options } = parseCLI(["vitest", "run", ...process.argv.slice(2)]);
  const vitest = await createVitest({ ...options, watch: false, run: true });
  stopServicesOnSignals();
  const specifications = await vitest.globTestSpecifications(filter);
  const selected = new Set(specifications.map(({ project }) => project.name));
  const needed = new Set([...selected].flatMap(servicesOf));
  services = needed.size === 0 ? undefined : await ensureServices([...needed]);
  for (const line of services?.started ?? []) process.stdout.write(`service ${line}\n`);

  const notRun = TEST_PROJECTS.flatMap(({ name }) => suitesNotRun(name, specifications));
  const unable = new Set(notRun.map(({ project }) => project));
  const counts = await run(
    vitest,
    specifications.filter(({ project }) => !unable.has(project.name)),
  );
  await Promise.race([Promise.allSettled([vitest.close(), services?.stop()]), deadline()]);

  const { lines, exitCode } = summarize(counts, notRun, ci);
  // Written and flushed before the process ends: the last line is what a caller reads.
  await new Promise<void>((resolve) => process.stdout.write(`\n${lines.join("\n")}\n`, () => resolve()));
  return exitCode;
}

async function run(vitest: Vitest, specifications: TestSpecification[]): Promise<ReturnType<typeof countTests>> {
  if (specifications.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  await vitest.standalone();
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications, true);
  return countTests(testModules, unhandledErrors.length);
}

function suitesNotRun(project: string, specifications: readonly TestSpecification[]): SuitesNotRun[] {
  const files = specifications.filter((specification) => specification.project.name === project);
  const reasons = servicesOf(project).flatMap((service) => services?.missing.get(service) ?? []);
  if (files.length === 0 || reasons.length === 0) return [];
  return [{ project, files: files.map(({ moduleId }) => relative(process.cwd(), moduleId)), reasons }];
}

/** Takes over from Vitest, which ends the process 1 ms after a signal: time for no service to stop and remove its data. */
function stopServicesOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.removeAllListeners(signal);
    process.once(signal, () => {
      process.stderr.write(`${signal}: stopping the test services\n`);
      void Promise.race([services?.stop(), deadline()]).finally(() => process.exit(130));
    });
  }
}

function deadline(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, STOP_DEADLINE_MS).unref());
}
