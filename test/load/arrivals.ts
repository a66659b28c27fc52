// Arrivals of an open system: people do not wait for each other's answers. Each piece of work is due at its own time,
// and its latency counts from then on. That holds also when the generator or the server was too slow to begin it (no
// coordinated omission).
import { seededRandom } from "../support/seeded-random.ts";
import { createDurations, type Durations } from "./durations.ts";

export interface ArrivalPlan {
  /** Mean arrivals per second; the gaps are exponentially distributed, as those of independent people are. */
  readonly perSecond: number;
  readonly seconds: number;
  /** Ends the arrivals before their time. */
  readonly enough?: () => boolean;
  /** Started when due, never awaited by later arrivals. `due` is a time of `performance.now()`. Must not reject. */
  readonly begin: (due: number) => Promise<void>;
}

export interface ArrivalsOutcome {
  readonly started: number;
  /** How late the generator itself began the work: large values make the measurement worthless. */
  readonly lateness: Durations;
}

/** Resolves when all work has ended. */
export async function runArrivals({ perSecond, seconds, begin, enough }: ArrivalPlan): Promise<ArrivalsOutcome> {
  // The same in every run, so that two runs differ by the platform only.
  const random = seededRandom(20_261_120);
  const lateness = createDurations();
  const running: Promise<void>[] = [];
  const start = performance.now() + 20;
  const end = start + seconds * 1_000;
  let due = start;
  while (due < end && enough?.() !== true) {
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    for (const now = performance.now(); due <= now && due < end; ) {
      lateness.record(now - due);
      running.push(begin(due));
      due += (-Math.log(1 - random()) * 1_000) / perSecond;
    }
  }
  await Promise.all(running);
  return { started: running.length, lateness };
}
