// What a soak must show. Memory is judged as far as its length allows.
import type { Limit } from "../live/verdict.ts";
import { FAULTS } from "./faults.ts";
import { REST_SLACK, type SoakFigures } from "./run-soak.ts";

interface MemoryBudget {
  /** From so many minutes on. */
  readonly minutes: number;
  readonly heapMbPer10Min: number;
  readonly rssTimes: number;
}

/** Caches fill and compilers work for some minutes: that looks like growth in a short run. */
const MEMORY: readonly MemoryBudget[] = [
  { minutes: 30, heapMbPer10Min: 1, rssTimes: 1.05 },
  { minutes: 5, heapMbPer10Min: Number.POSITIVE_INFINITY, rssTimes: 1.1 },
];

export function memoryBudget(minutes: number): MemoryBudget | undefined {
  return MEMORY.find((budget) => minutes >= budget.minutes);
}

export function soakDemands(figures: SoakFigures): Limit[] {
  const { minutes, traffic, faults, followers, letters, stores, growth, before, after, badLines } = figures;
  const budget = memoryBudget(minutes);
  return [
    { what: "answers that were wrong, and commands never acknowledged", value: traffic.wrong, atMost: 0 },
    { what: "reads that were answered", value: traffic.reads / (traffic.reads + traffic.unavailable), atLeast: 0.5 },
    {
      what: "fewest times that a kind of fault happened",
      value: leastOf(FAULTS.map((fault) => faults[fault])),
      atLeast: 1,
    },
    { what: "times that a follower resumed", value: followers.resumed, atLeast: 1 },
    { what: "problems of followers", value: followers.problems.length, atMost: 0 },
    { what: "poisonous events and records", value: leastOf([letters.refused, letters.broken]), atLeast: 1 },
    { what: "differences between the poison and the dead letters", value: letters.differences.length, atMost: 0 },
    { what: "dead letters that an operator could not settle", value: letters.unsettled, atMost: 0 },
    {
      what: "differences between what was committed, published and recorded",
      value: stores.differences.length,
      atMost: 0,
    },
    { what: "log lines with a secret or an unexpected failure", value: badLines.length, atMost: 0 },
    ...(["sockets", "timers", "listeners"] as const).map((count) => ({
      what: `${count} of the gateway more than before`,
      value: after[count] - before[count],
      atMost: REST_SLACK,
    })),
    ...(budget === undefined
      ? []
      : growth.flatMap(({ name, heapMbPer10Min, rssTimes }) => [
          { what: `heap of ${name}, MB more in 10 min`, value: heapMbPer10Min, atMost: budget.heapMbPer10Min },
          {
            what: `resident memory of ${name}, last third times first third`,
            value: rssTimes,
            atMost: budget.rssTimes,
          },
        ])),
  ];
}

const leastOf = (values: readonly number[]): number => Math.min(...values);
