// What breaks while the platform works, one thing after the other: in each turn every kind once, in an order of its
// own. The first turn is always whole, however slow the machine is.
import { setTimeout } from "node:timers/promises";
import { cutConnections } from "../../support/stack/cut-connections.ts";
import type { Stack } from "../../support/stack/stack.ts";
import type { MortalBroker } from "./broker.ts";

export const FAULTS = ["process", "relay connections", "all connections", "broken record", "broker"] as const;

export type Fault = (typeof FAULTS)[number];

export interface FaultsOptions {
  readonly stack: Stack;
  readonly broker: MortalBroker;
  /** In [0, 1). */
  readonly random: () => number;
  readonly appendBroken: () => Promise<void>;
  /** Processes whose memory is being measured live on. */
  readonly mayKill: () => boolean;
  /** A process is about to die. */
  readonly onKill: (subgraph: string) => void;
}

export interface RunningFaults {
  /** Resolves when `mayKill` has ended and the process that was killed last is back, however long its start took. */
  readonly killsOver: Promise<void>;
  /** Resolves when everything is back. @returns how often each happened */
  stop(): Promise<Readonly<Record<Fault, number>>>;
}

/** Between two, in milliseconds: time for what is left of the last one to show. */
const PAUSE_MS = 3_000;
const LONGEST_AWAY_MS = { process: 2_000, broker: 4_000 };

export function startFaults({ stack, broker, random, ...rest }: FaultsOptions): RunningFaults {
  const { appendBroken, mayKill, onKill } = rest;
  const counts: Record<Fault, number> = {
    ...{ process: 0, broker: 0 },
    ...{ "relay connections": 0, "all connections": 0, "broken record": 0 },
  };
  const abort = new AbortController();
  const pause = (ms: number) => setTimeout(ms, undefined, { signal: abort.signal }).catch(() => undefined);
  const anySubgraph = () => stack.subgraphs[Math.floor(random() * stack.subgraphs.length)] ?? "user";

  const happen: Readonly<Record<Fault, () => Promise<void>>> = {
    async process() {
      const subgraph = anySubgraph();
      onKill(subgraph);
      const running = stack.processOf(subgraph);
      await running.crash();
      await pause(random() * LONGEST_AWAY_MS.process);
      await running.restart();
    },
    "relay connections": () => cutConnections(stack, anySubgraph(), "relay"),
    "all connections": () => cutConnections(stack, anySubgraph(), "all"),
    "broken record": appendBroken,
    broker: () => broker.restart(random() * LONGEST_AWAY_MS.broker),
  };

  const killsOver = Promise.withResolvers<void>();

  async function run(): Promise<void> {
    while (!abort.signal.aborted) {
      for (const fault of shuffled(FAULTS, random)) {
        await pause(PAUSE_MS);
        const kills = mayKill() || counts.process === 0;
        if (!kills) killsOver.resolve();
        if (abort.signal.aborted && FAULTS.every((kind) => counts[kind] > 0)) return;
        if (fault === "process" && !kills) continue;
        counts[fault] += 1;
        await happen[fault]();
      }
    }
  }

  const running = run();
  running.then(killsOver.resolve, killsOver.reject);
  killsOver.promise.catch(() => undefined);
  return {
    killsOver: killsOver.promise,
    async stop() {
      abort.abort();
      await running;
      return counts;
    },
  };
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((left, right) => left.rank - right.rank)
    .map(({ item }) => item);
}
