// `npm test`, and with `--long` `npm run test:long`: runs every Vitest project (or what the arguments select, as in
// `vitest run`) with the services it needs. At the end it says how long each project took, what was left to the other
// tier and which suites could not run; the counts are the last line, on their own.
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { createVitest, parseCLI, type TestSpecification, type Vitest } from "vitest/node";
import { servicesOf, TEST_PROJECTS } from "./projects.ts";
import { leftOut, type ProjectFile } from "./support/left-out.ts";
import { describeDurations, inWords, recordDurations } from "./support/run-durations.ts";
import { type Counts, countTests, type SuitesNotRun, summarize } from "./support/run-summary.ts";
import { type EnsuredServices, ensureServices } from "./support/services/ensure-services.ts";
import { belongsTo, chooseTier } from "./tiers.ts";

const STOP_DEADLINE_MS = 15_000;
// Inherited by the workers and by every process that a test starts: hundreds of them load the same modules, and parsing
// those again took a quarter of all CPU time.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("../.cache/compiled", import.meta.url));
const ci = !["", "0", "false"].includes(process.env["CI"] ?? "");

const LONG = "--long";
const tier = chooseTier(process.argv.includes(LONG) ? "long" : "short");
const durations = recordDurations();

let services: EnsuredServices | undefined;
process.exit(await main());

async function main(): Promise<number> {
  const begunAt = performance.now();
  const args = process.argv.slice(2).filter((arg) => arg !== LONG);
  const { filter, options } = parseCLI(["vitest", "run", ...args]);
  const reporters = [...[options.reporters ?? "default"].flat(), durations.reporter];
  const vitest = await createVitest({ ...options, reporters, watch: false, run: true });
  stopServicesOnSignals();
  const selected = await vitest.globTestSpecifications(filter);
  const specifications = selected.filter(({ moduleId }) => belongsTo(tier, moduleId));
  const projects = new Set(specifications.map(({ project }) => project.name));
  const needed = new Set([...projects].flatMap(servicesOf));
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
  const report = [
    ...describeDurations(durations.files),
    ...describeLimit(performance.now() - begunAt),
    ...leftOut(tier, selected.map(fileOf)),
    ...lines,
  ];
  // Written and flushed before the process ends: the last line is what a caller reads.
  await new Promise<void>((resolve) => process.stdout.write(`\n${report.join("\n")}\n`, () => resolve()));
  return exitCode;
}

async function run(vitest: Vitest, specifications: TestSpecification[]): Promise<Counts> {
  if (specifications.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  await vitest.standalone();
  let cutOff = 0;
  const cut = () => {
    cutOff = 1;
    void vitest.cancelCurrentRun("test-failure");
  };
  // The short tier is waited for: that a machine is slow is no fault of a test.
  const limit = tier.name === "long" ? setTimeout(cut, tier.limitMinutes * 60_000) : undefined;
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications, true);
  clearTimeout(limit);
  return countTests(testModules, unhandledErrors.length + cutOff);
}

function describeLimit(tookMs: number): string[] {
  const { command, limitMinutes } = tier;
  if (tookMs <= limitMinutes * 60_000) return [];
  return [`This run took ${inWords(tookMs)}; the limit of ${command} is ${limitMinutes} min on two processors`];
}

function fileOf({ project, moduleId }: TestSpecification): ProjectFile {
  return { project: project.name, file: relative(process.cwd(), moduleId) };
}

function suitesNotRun(project: string, specifications: readonly TestSpecification[]): SuitesNotRun[] {
  const files = specifications.filter((specification) => specification.project.name === project);
  const reasons = servicesOf(project).flatMap((service) => services?.missing.get(service) ?? []);
  if (files.length === 0 || reasons.length === 0) return [];
  return [{ project, files: files.map(({ moduleId }) => relative(process.cwd(), moduleId)), reasons }];
}

/**
 * Takes over from Vitest, which ends the process 1 ms after a signal: time for no service to stop and remove its data.
 */
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
