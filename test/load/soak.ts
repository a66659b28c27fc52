// `npm run load -- soak`: hours of traffic while processes, connections and the broker die and poison comes by. On a
// distributed platform of its own.
import { parseArgs } from "node:util";
import { requireServices } from "./distributed-stack.ts";
import { figure, printDemands, say, table } from "./live/verdict.ts";
import { runSoak, type SoakFigures } from "./soak/run-soak.ts";
import { memoryBudget, soakDemands } from "./soak/soak-demands.ts";

const OPTIONS = {
  minutes: { type: "string", default: "60" },
  seed: { type: "string", default: "1" },
} as const;

/** @param programArguments `--minutes`, `--seed` of what is drawn by chance */
export async function soak(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const services = await requireServices(["postgres", "redis", "kafka"]);
  try {
    const figures = await runSoak({ minutes: Number(values.minutes), seed: Number(values.seed), say });
    return printDemands(soakLines(figures), soakDemands(figures));
  } finally {
    await services.stop();
  }
}

function soakLines({ minutes, traffic, faults, followers, letters, stores, growth, ...rest }: SoakFigures): string[] {
  const { before, after, badLines } = rest;
  const problems = [
    ...traffic.samples,
    ...followers.problems,
    ...letters.differences,
    ...stores.differences,
    ...badLines,
  ];
  return [
    `faults         ${Object.entries(faults)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ")}`,
    `traffic        ${traffic.reads} reads, ${traffic.commands} commands, ${traffic.streams} streams; ${traffic.unavailable} reads while something was away`,
    `followers      ${followers.events} events, ${followers.resumed} times resumed`,
    `stores         ${stores.committed} events committed, ${stores.published} records published, ${stores.recorded} entries`,
    `poison         ${letters.refused} events, ${letters.broken} records`,
    `gateway        ${after.sockets} sockets, ${after.timers} timers, ${after.listeners} listeners at rest; ${before.sockets}, ${before.timers}, ${before.listeners} before`,
    "",
    ...table([
      ["second half", "samples", "heap, MB", "MB in 10 min", "resident, MB", "last third / first"],
      ...growth.map(({ name, samples, heapMb, heapMbPer10Min, rssMb, rssTimes }) => [
        name,
        String(samples),
        ...[heapMb, heapMbPer10Min].map((value) => figure(value)),
        figure(rssMb, 0),
        figure(rssTimes, 2),
      ]),
    ]),
    ...(memoryBudget(minutes) === undefined ? ["Memory is not judged in so short a run."] : []),
    ...problems.map((problem) => `problem        ${problem}`),
  ];
}
