// A machine in virtual time: how many operations does the limit let run on it?
import { expect, test } from "vitest";
import { createConcurrencyLimit } from "../../../../../gateway/limits/admission/concurrency-limit.ts";

const MOST = 256;

interface Machine {
  /** What operations take alone, in milliseconds, by their kind. */
  readonly aloneMs: readonly number[];
  /** Operations that the machine works at without one holding up another. */
  readonly cores: number;
}

/** Callers who ask again as soon as they are answered. `callers` may change from round to round. */
function run({ aloneMs, cores }: Machine, callers: (round: number) => number, rounds: number) {
  let time = 0;
  const limit = createConcurrencyLimit({ most: MOST, now: () => time });
  const operations = aloneMs.map((ms) => ({ ms }));
  const limits: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const wanted = callers(round);
    const running = Math.min(wanted, limit.current);
    if (wanted > limit.current) limit.reached();
    const began = time;
    const slowdown = Math.max(1, running / cores);
    for (const operation of operations) {
      time = began + operation.ms * slowdown;
      for (let each = 0; each < running; each += 1) limit.ended(operation, running, began);
    }
    limits.push(limit.current);
  }
  return limits;
}

const last = (limits: readonly number[]) => limits.at(-1) ?? Number.NaN;
const few = () => 2;
/** Few callers first, as before a crowd. */
const thenCrowd = (round: number) => (round < 50 ? 2 : 1_000);

test("nothing changes while few ask, however long what they ask takes", () => {
  expect(new Set(run({ aloneMs: [5, 2_000], cores: 4 }, few, 200))).toEqual(new Set([64]));
});

test("under a crowd as many run as the machine has room for, a few times over, so that none is idle", () => {
  const limit = last(run({ aloneMs: [20, 40], cores: 8 }, thenCrowd, 400));
  expect(limit).toBeGreaterThanOrEqual(8);
  expect(limit).toBeLessThan(48);
});

test("a machine with room for all lets all of them run, up to what is allowed", () => {
  expect(last(run({ aloneMs: [20, 500], cores: 10_000 }, thenCrowd, 400))).toBe(MOST);
});

test("long operations are compared with themselves: a slow store alone limits nobody", () => {
  const mixed = (round: number) => (round < 50 ? 2 : 100);
  expect(last(run({ aloneMs: [5, 3_000], cores: 10_000 }, mixed, 300))).toBeGreaterThanOrEqual(100);
});

test("after the crowd has left the limit rises again as soon as it is reached", () => {
  const machine = { aloneMs: [20], cores: 8 };
  const limits = run(machine, (round) => (round < 50 || round > 450 ? 2 : 1_000), 600);
  expect(last(limits)).toBeGreaterThanOrEqual(8);
  const busy = run({ aloneMs: [20], cores: 8 }, thenCrowd, 400);
  expect(last(limits)).toBeLessThanOrEqual(Math.max(...busy));
});
