// What the processes of a stack hold while they work, and whether it grows.
import { setTimeout } from "node:timers/promises";
import type { Stack } from "../../support/stack/stack.ts";
import { slopeOf } from "../linear-fit.ts";
import { processNames } from "../platform/server-processes.ts";
import { type Held, heldBy } from "./held.ts";

export interface HeldGrowth {
  readonly name: string;
  readonly samples: number;
  /** After collections, at the end. */
  readonly heapMb: number;
  readonly heapMbPer10Min: number;
  readonly rssMb: number;
  /** Median of the last third of the samples, times that of the first third. */
  readonly rssTimes: number;
}

export interface HeldSamplesOptions {
  readonly stack: Stack;
  /** Where processes write what they hold. */
  readonly files: string;
  /** Resolves when the measurement begins: each process lives on from then. */
  readonly from: Promise<void>;
}

interface Sample extends Held {
  /** In minutes. */
  readonly at: number;
}

const EVERY_MS = 5_000;
const MB = 1_048_576;
const TEN_MINUTES = 10;

export function startHeldSamples({ stack, files, from }: HeldSamplesOptions): { stop(): Promise<HeldGrowth[]> } {
  const names = processNames(stack);
  const samples = new Map<string, Sample[]>(names.map((name) => [name, []]));
  const abort = new AbortController();
  const pause = (ms: number) => setTimeout(ms, undefined, { signal: abort.signal }).catch(() => undefined);

  async function run(): Promise<void> {
    await from;
    do {
      await pause(EVERY_MS);
      for (const [name, found] of samples) {
        const held = await heldBy(stack.processOf(name).current(), files);
        found.push({ ...held, at: performance.now() / 60_000 });
      }
    } while (!abort.signal.aborted);
  }

  const running = run();
  running.catch(() => undefined);
  return {
    async stop() {
      abort.abort();
      await running;
      return [...samples].map(([name, found]) => growthOf(name, found));
    },
  };
}

function growthOf(name: string, samples: readonly Sample[]): HeldGrowth {
  const third = Math.ceil(samples.length / 3);
  const last = samples.at(-1);
  return {
    name,
    samples: samples.length,
    heapMb: (last?.heapUsed ?? Number.NaN) / MB,
    heapMbPer10Min: TEN_MINUTES * slopeOf(samples.map(({ at, heapUsed }) => ({ x: at, y: heapUsed / MB }))),
    rssMb: (last?.rss ?? Number.NaN) / MB,
    rssTimes: medianRss(samples.slice(-third)) / medianRss(samples.slice(0, third)),
  };
}

function medianRss(samples: readonly Held[]): number {
  return samples.map(({ rss }) => rss).toSorted((one, other) => one - other)[samples.length >> 1] ?? Number.NaN;
}
