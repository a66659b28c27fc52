// Chance in tests, and how to have the same again: `FAULT_SEED` and `FAULT_PATH` as a failed test printed them.
import { onTestFailed } from "vitest";
import { seededRandom } from "./seeded-random.ts";

const REPEATED_SEED = setting("FAULT_SEED");
const RUN_SEED = REPEATED_SEED ?? Math.floor(Math.random() * 2 ** 31);

/** Which runs of its properties fast-check plays again; absent: new ones. */
export const REPEATED_RUN: { readonly seed: number; readonly path: string } | undefined =
  REPEATED_SEED === undefined ? undefined : { seed: REPEATED_SEED, path: process.env["FAULT_PATH"] ?? "" };

/** `FAULT_SHRINK=1` looks for a shorter schedule that fails, which may take minutes. */
export const SHRINK_SCHEDULES = process.env["FAULT_SHRINK"] !== undefined;

export interface RandomOfTest {
  /** In [0, 1). */
  next(): number;
  /** A whole number from `from`, below `below`. */
  integer(from: number, below: number): number;
}

/**
 * Random numbers for the test that is running. If it fails, it prints the seed that brings them again.
 * @param actor who draws them: actors that run side by side draw from sources of their own, whatever their order
 */
export function randomOfTest(actor: string): RandomOfTest {
  onTestFailed(() => {
    process.stderr.write(`FAULT_SEED=${RUN_SEED} brings back the random choices of ${actor}\n`);
  });
  let seed = RUN_SEED;
  for (const character of actor) seed = Math.imul(seed, 31) + (character.codePointAt(0) ?? 0);
  const next = seededRandom(seed);
  return { next, integer: (from, below) => from + Math.floor(next() * (below - from)) };
}

function setting(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Error(`${name} must be a number, not "${text}"`);
  return value;
}
