// What `npm run load -- redis-away` prints, and its budgets.
import type { Durations } from "../durations.ts";
import { figure, type Limit, printVerdict, table } from "../live/verdict.ts";
import type { OperationLog } from "../operation-log.ts";
import type { NamesRead } from "./watched-names.ts";
import type { Readiness } from "./watched-readiness.ts";

export interface RedisOutcome {
  readonly logs: Readonly<Record<"before" | "away" | "back", OperationLog>>;
  /** Of the generator. */
  readonly lateness: Durations;
  readonly names: NamesRead;
  readonly readiness: Readiness;
}

/** p99 of the reads, in times of what it is on a warm platform. */
const MOST_TIMES_SLOWER = 3;

/** Those with a cache: gateway, user and billing. */
const DEGRADED = 3;

/** @returns the exit code: 1 when a budget is missed */
export function printRedisReport({ logs, lateness, names, readiness }: RedisOutcome): number {
  const p99 = ({ reads }: OperationLog) => reads.percentile(99);
  const ratio = (log: OperationLog) => p99(log) / p99(logs.before);
  const row = (name: string, log: OperationLog) => [
    name,
    String(log.reads.count),
    ...[50, 95, 99, 100].map((percent) => figure(log.reads.percentile(percent))),
    figure(ratio(log), 2),
    String(log.errors),
  ];
  const errors = Object.values(logs).reduce((sum, log) => sum + log.errors, names.failed);
  const limits: readonly Limit[] = [
    { what: "reads p99 while Redis is away, times that before", value: ratio(logs.away), atMost: MOST_TIMES_SLOWER },
    { what: "reads p99 after its return, times that before", value: ratio(logs.back), atMost: MOST_TIMES_SLOWER },
    { what: "failed reads", value: errors, atMost: 0 },
    { what: "names read after they were changed", value: names.reads, atLeast: 1 },
    { what: "old names among them", value: names.stale, atMost: 0 },
    { what: "answers of /ready that were not 200", value: readiness.unready, atMost: 0 },
    { what: "processes that said they were degraded", value: readiness.degraded, atLeast: DEGRADED },
  ];
  const lines = [
    ...table([
      ["reads, latency in ms", "count", "p50", "p95", "p99", "max", "p99 / before", "errors"],
      row("before", logs.before),
      row("Redis away", logs.away),
      row("back, empty", logs.back),
    ]),
    "",
    `names          ${names.reads} read after they were changed, ${names.stale} of them old, ${names.failed} not answered`,
    `/ready         ${readiness.looks} answers, ${readiness.unready} not 200; ${readiness.degraded} processes said they were degraded`,
    `generator      late p99 ${figure(lateness.percentile(99))} ms`,
    ...Object.values(logs).flatMap(({ samples }) => samples.map((sample) => `error          ${sample}`)),
  ];
  return printVerdict(lines, limits);
}
