/** How fast jobs are looked for and worked on, and how long is waited for what fails. */
import type { BackoffPolicy } from "../events/backoff.ts";

export interface JobPace {
  /** Between two looks for what is due, and for chunks, in milliseconds. */
  readonly pollMs: number;
  /** Most items of a run: the others come with the next one. */
  readonly itemsPerRun: number;
  readonly itemsPerChunk: number;
  /** Chunks that an instance works on at once. */
  readonly chunksAtOnce: number;
  /** Items of a chunk that are carried out at once. */
  readonly itemsAtOnce: number;
  /** How long a chunk is an instance's without a sign of life, in milliseconds: a crash is made good behind it. */
  readonly leaseMs: number;
  /** Of items that fail. `attempts`: how often a chunk of theirs is tried. */
  readonly retry: BackoffPolicy & { readonly attempts: number };
  /** How often a chunk is taken at most: what ends each process that works on it is given up. */
  readonly takes: number;
  /** How long an item that was given up is left out of further runs, in milliseconds. */
  readonly setAsideMs: number;
  /** Two events that tell of progress are so far apart at least, in milliseconds. */
  readonly tellMs: number;
  /** How long the rows of a run stay behind its end, in milliseconds. */
  readonly keepMs: number;
}

const HOUR_MS = 3_600_000;

export const DEFAULT_PACE: JobPace = {
  pollMs: 1_000,
  itemsPerRun: 20_000,
  itemsPerChunk: 50,
  chunksAtOnce: 2,
  itemsAtOnce: 4,
  leaseMs: 10_000,
  retry: { attempts: 5, baseMs: 1_000, capMs: 60_000 },
  takes: 20,
  setAsideMs: HOUR_MS / 4,
  tellMs: 1_000,
  keepMs: 30 * 24 * HOUR_MS,
};
