// What `npm run load -- platform` prints, and its budgets.
import { figure, type Limit, printVerdict, table } from "../live/verdict.ts";
import type { MixedOutcome } from "../mixed-load.ts";
import { clientLines, latencyTable } from "../report.ts";
import type { ServerFigures } from "../server-figures.ts";
import { type CacheFigures, countedBetween, type LevelFigures, NEEDED, REQUESTS } from "./cache-figures.ts";
import type { Stampede } from "./stampede.ts";

export interface PlatformOutcome extends MixedOutcome {
  readonly servers: ReadonlyMap<string, ServerFigures>;
  /** Before and after the measured requests. */
  readonly caches: readonly [ReadonlyMap<string, CacheFigures>, ReadonlyMap<string, CacheFigures>];
  readonly stampede: Stampede;
}

const BUDGET = { readP99Ms: 50, writeP99Ms: 120, hitRatio: 0.9, loadsPerProcess: 1 };

/** @returns the exit code: 1 when a budget is missed */
export function printPlatformReport(outcome: PlatformOutcome): number {
  const { log, delivery, stampede } = outcome;
  const levels = levelsOf(outcome);
  const { expected, delivered, repeated, outOfOrder } = delivery;
  const loads = [...stampede.loads.values()];
  const limits: readonly Limit[] = [
    { what: "reads p99, ms", value: log.reads.percentile(99), atMost: BUDGET.readP99Ms },
    { what: "writes p99, ms", value: log.writes.percentile(99), atMost: BUDGET.writeP99Ms },
    { what: "failed requests", value: log.errors + stampede.failed, atMost: 0 },
    { what: "cache hit ratio", value: share(levels, NEEDED), atLeast: BUDGET.hitRatio },
    {
      what: "loads of one cold key in one process",
      value: loads.length === 0 ? Number.NaN : Math.max(...loads),
      atMost: BUDGET.loadsPerProcess,
    },
    { what: "lost frames", value: expected - delivered, atMost: 0 },
    { what: "frames repeated or out of order", value: repeated + outOfOrder, atMost: 0 },
    { what: "subscribers' problems", value: delivery.problems.length, atMost: 0 },
  ];
  const lines = [
    ...latencyTable(outcome),
    "",
    ...clientLines(outcome),
    "",
    ...serverTable(outcome),
    "",
    ...cacheTable(levels),
    ...ratioLines(levels),
    `stampede       ${stampede.reads} reads of one cold key at once, ${stampede.failed} failed; loads at most ${perProcess(stampede)}`,
    ...log.samples.map((sample) => `error          ${sample}`),
    ...delivery.problems.slice(0, 5).map((problem) => `subscriber     ${problem}`),
  ];
  return printVerdict(lines, limits);
}

function serverTable({ servers, log }: PlatformOutcome): string[] {
  const requests = log.reads.count + log.writes.count + log.errors;
  const cpuMs = ({ cpuShare, seconds }: ServerFigures) => (cpuShare * seconds * 1_000) / requests;
  const sum = [...servers.values()].reduce((total, server) => total + cpuMs(server), 0);
  return table([
    ["process", "CPU ms a request", "of a core", "loop delay p50", "p99", "collections", "RSS MB", "at most"],
    ...[...servers].map(([name, server]) => [
      name,
      figure(cpuMs(server), 3),
      `${figure(server.cpuShare * 100, 0)} %`,
      figure(server.loopDelayP50Ms),
      figure(server.loopDelayP99Ms),
      `${figure(server.collectionShare * 100)} %`,
      figure(server.rssMb, 0),
      figure(server.peakRssMb, 0),
    ]),
    ["all", figure(sum, 3), ...Array<string>(6).fill("")],
  ]);
}

interface Level extends LevelFigures {
  readonly process: string;
  readonly name: string;
}

function levelsOf({ caches: [from, to] }: PlatformOutcome): Level[] {
  return [...to].flatMap(([process, figures]) =>
    [...countedBetween(from.get(process) ?? new Map(), figures)].map(([name, level]) => ({ process, name, ...level })),
  );
}

function cacheTable(levels: readonly Level[]): string[] {
  if (levels.length === 0) return ["caches         none told anything on /metrics"];
  return table([
    ["cache", "hits", "misses", "loads", "hit ratio"],
    ...levels
      .filter(isLevel)
      .map(({ process, name, hits, misses, loads }) => [
        `${process} ${name}`,
        String(hits),
        String(misses),
        String(loads),
        `${figure((100 * hits) / (hits + misses))} %`,
      ]),
  ]);
}

/**
 * The hit ratio in one unit, since a miss of one level is a question to the next and would count at each. It is the
 * share of all fetches behind answers for which no subgraph was called. Either the whole answer was cached, or this
 * part of it. Rows that subgraphs cache do not count: whatever reaches a subgraph is a miss.
 */
function share(levels: readonly Level[], name: typeof NEEDED | typeof REQUESTS): number {
  const of = levels.filter((level) => level.name === name);
  const hits = of.reduce((sum, level) => sum + level.hits, 0);
  return hits / of.reduce((sum, level) => sum + level.hits + level.misses, 0);
}

function ratioLines(levels: readonly Level[]): string[] {
  const percent = (name: typeof NEEDED | typeof REQUESTS) => `${figure(share(levels, name) * 100)} %`;
  return [
    `hit ratio      ${percent(NEEDED)} of the fetches that answers to reads are made of asked no subgraph (a fetch that did is a miss,`,
    "               also when the subgraph answered it from the rows that it keeps)",
    `               ${percent(REQUESTS)} of the read requests asked no subgraph at all`,
  ];
}

const isLevel = ({ name }: Level): boolean => name !== NEEDED && name !== REQUESTS;

const perProcess = ({ loads }: Stampede): string =>
  loads.size === 0 ? "not told" : [...loads].map(([process, count]) => `${count} in ${process}`).join(", ");
