// Chance in tests, and how to have the same again: `FAULT_SEED` and `FAULT_PATH` as a failed test printed them.
import { onTestFailed } from "vitest";

const REPEATED_SEED = setting("FAULT_SEED");
const RUN_SEED = REPEATED_SEED ?? Math.floor(Math.random() * 2 ** 31);

/**
 * What fast-check is told in every test file: which run to play again, if any, and whether to look for a shorter one
 * that fails (`FAULT_SHRINK=1`), which may take minutes where each run takes seconds.
 */
export const REPEATED_RUN: { readonly seed: number; readonly path: string } | undefined =
  REPEATED_SEED === undefined ? undefined : { seed: REPEATED_SEED, path: process.env["FAULT_PATH"] ?? "" };

export const SHRINK_SCHEDULES = process.env["FAULT_SHRINK"] !== undefined;

export interface SeededRandom {
  /** In [0, 1). */
  next(): number;
  /** A whole number from `from`, below `below`. */
  integer(from: number, below: number): number;
}

/** The same numbers for the same seed (mulberry32). */
export function randomFrom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, integer: (from, below) => from + Math.floor(next() * (below - from)) };
}

/**
 * Random numbers for the test that is running. If it fails, it prints the seed that brings them again.
 * @param actor who draws them: actors that run side by side draw from sources of their own, whatever their order
 */
export function randomOfTest(actor: string): SeededRandom {
  onTestFailed(() => {
    process.stderr.write(`FAULT_SEED=${RUN_SEED} brings back the random choices of ${actor}\n`);
  });
  let seed = RUN_SEED;
  for (const character of actor) seed = Math.imul(seed, 31) + (character.codePointAt(0) ?? 0);
  return randomFrom(seed);
}

function setting(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Error(`${name} must be a number, not "${text}"`);
  return value;
}
