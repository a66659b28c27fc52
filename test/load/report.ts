// The table that a load ends with, and the verdict.
import type { Durations } from "./durations.ts";
import type { MixedOutcome } from "./mixed-load.ts";
import type { ServerFigures } from "./server-figures.ts";

export interface SmokeOutcome extends MixedOutcome {
  /** Undefined for a platform that was started by somebody else. */
  readonly server: ServerFigures | undefined;
}

const BUDGET = { readP99Ms: 100, writeP99Ms: 250, commitToFrameP99Ms: 250, rssMb: 600 };

/** @returns the exit code: 1 when a budget is missed */
export function printReport(outcome: SmokeOutcome): number {
  const missed = missedBudgets(outcome);
  const lines = [
    "",
    ...latencyTable(outcome),
    "",
    ...figureLines(outcome),
    ...outcome.log.samples.map((sample) => `error          ${sample}`),
    ...outcome.delivery.problems.slice(0, 5).map((problem) => `subscriber     ${problem}`),
    "",
    ...(missed.length === 0 ? ["within every budget"] : missed.map((line) => `OVER BUDGET    ${line}`)),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return missed.length === 0 ? 0 : 1;
}

export function latencyTable({ log, commitToFrame }: Pick<MixedOutcome, "log" | "commitToFrame">): string[] {
  const row = (name: string, cells: readonly string[]) =>
    name.padEnd(24) + cells.map((cell) => cell.padStart(9)).join("");
  const figures = (durations: Durations) => [
    String(durations.count),
    ...[50, 95, 99, 100].map((percent) => milliseconds(durations.percentile(percent))),
  ];
  return [
    row("latency in ms", ["count", "p50", "p95", "p99", "max", "errors"]),
    ...log.rows().map(({ name, durations, errors }) => row(name, [...figures(durations), String(errors)])),
    row("commit to frame", [...figures(commitToFrame), ""]),
  ];
}

/** What the subscribers got, and whether the generator did what it was to do. */
export function clientLines({ delivery, lateness, generatorShare }: MixedOutcome): string[] {
  const { expected, delivered, repeated, outOfOrder } = delivery;
  return [
    `frames         ${delivered} of ${expected} delivered, ${repeated} repeated, ${outOfOrder} out of order`,
    `generator      late p99 ${milliseconds(lateness.percentile(99))} ms, CPU ${percent(generatorShare)} of a core`,
  ];
}

function figureLines(outcome: SmokeOutcome): string[] {
  const { log, server } = outcome;
  const lines = clientLines(outcome);
  if (server === undefined) return [...lines, "server         not measured: it was started elsewhere"];
  const { loopDelayP50Ms, loopDelayP99Ms, loopDelayMaxMs, collections, collectionShare, longestCollectionMs } = server;
  // Comparable between runs also on a machine that others use: it does not depend on who else wanted the processor.
  const perRequest = (server.cpuShare * server.seconds * 1_000) / (log.reads.count + log.writes.count + log.errors);
  return [
    ...lines,
    `server CPU     ${percent(server.cpuShare)} of a core, ${milliseconds(perRequest)} ms for each request and what follows from it, Postgres apart`,
    `server memory  ${Math.round(server.rssMb)} MB resident, ${Math.round(server.peakRssMb)} MB at most`,
    `event loop     delay p50 ${milliseconds(loopDelayP50Ms)} ms, p99 ${milliseconds(loopDelayP99Ms)} ms, max ${milliseconds(loopDelayMaxMs)} ms`,
    `collections    ${collections}, ${percent(collectionShare)} of the time, longest ${milliseconds(longestCollectionMs)} ms`,
  ];
}

function missedBudgets({ rate, log, delivery, commitToFrame, server }: SmokeOutcome): string[] {
  const { expected, delivered, repeated, outOfOrder, problems } = delivery;
  const limits: readonly (readonly [string, number, number])[] = [
    ["reads p99, ms", log.reads.percentile(99), BUDGET.readP99Ms],
    ["writes p99, ms", log.writes.percentile(99), BUDGET.writeP99Ms],
    ["commit to frame p99, ms", commitToFrame.percentile(99), BUDGET.commitToFrameP99Ms],
    ["failed requests", log.errors, 0],
    ["lost frames", expected - delivered, 0],
    ["frames repeated or out of order", repeated + outOfOrder, 0],
    ["subscribers' problems", problems.length, 0],
    ...(server === undefined ? [] : [["server memory at most, MB", server.peakRssMb, BUDGET.rssMb] as const]),
  ];
  // Written so that a missing figure (NaN: nothing was measured) counts as missed.
  const missed = limits.filter(([, value, limit]) => !(value <= limit));
  const lines = missed.map(([what, value, limit]) => `${what}: ${Math.round(value * 10) / 10}, allowed ${limit}`);
  if (rate.perSecond > 0 && expected > 0) return lines;
  return [...lines, "nothing was measured"];
}

const milliseconds = (value: number): string => (Number.isNaN(value) ? "-" : value.toFixed(value < 100 ? 1 : 0));
const percent = (share: number): string => `${Math.round(share * 100)} %`;
