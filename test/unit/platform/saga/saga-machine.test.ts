import { expect, test } from "vitest";
import type { SagaProgress, StepAction, StepReply } from "../../../../platform/saga/saga.ts";
import { advance, askAgain, expire, hasEnded, settle } from "../../../../platform/saga/saga-machine.ts";
import { randomOfTest } from "../../../support/random-of-test.ts";

const AT = new Date("2026-11-30T00:00:00Z");

function started(...names: string[]): SagaProgress {
  const steps = names.map((name) => ({
    ...{ name, service: "orders", attempts: 0, error: null, compensatedAt: null },
    state: "PENDING" as const,
  }));
  return { state: "RUNNING", failure: null, steps };
}

const done = (step: string): StepReply => ({ step, direction: "EXECUTE", outcome: "DONE", reason: null });
const failed = (step: string): StepReply => ({ step, direction: "EXECUTE", outcome: "FAILED", reason: "no stock" });
const undone = (step: string): StepReply => ({ step, direction: "COMPENSATE", outcome: "DONE", reason: null });
const stands = (step: string): StepReply => ({ step, direction: "COMPENSATE", outcome: "FAILED", reason: "paid" });
const statesOf = ({ steps }: SagaProgress) => steps.map(({ state }) => state).join(" ");

test("steps run one after the other, and the last one completes the saga [S90]", () => {
  const first = advance(started("reserve", "pay"));
  expect([statesOf(first.progress), first.todo]).toEqual([
    "RUNNING PENDING",
    { step: "reserve", direction: "EXECUTE" },
  ]);
  expect(advance(first.progress)).toEqual({ progress: first.progress, todo: undefined });
  const second = advance(settle(first.progress, done("reserve"), AT));
  expect([statesOf(second.progress), second.todo]).toEqual(["DONE RUNNING", { step: "pay", direction: "EXECUTE" }]);
  const last = advance(settle(second.progress, done("pay"), AT));
  expect([last.progress.state, statesOf(last.progress), last.todo]).toEqual(["COMPLETED", "DONE DONE", undefined]);
});

test("a failed step turns the saga back: it is undone itself, then those before it, from the last to the first [S89]", () => {
  let saga = advance(started("reserve", "pay", "ship")).progress;
  saga = advance(settle(saga, done("reserve"), AT)).progress;
  const turned = advance(settle(saga, failed("pay"), AT));
  expect([turned.progress.state, turned.progress.failure]).toEqual(["COMPENSATING", "no stock"]);
  expect([statesOf(turned.progress), turned.todo]).toEqual([
    "DONE COMPENSATING SKIPPED",
    { step: "pay", direction: "COMPENSATE" },
  ]);
  const next = advance(settle(turned.progress, undone("pay"), AT));
  expect(next.todo).toEqual({ step: "reserve", direction: "COMPENSATE" });
  const end = advance(settle(next.progress, undone("reserve"), AT)).progress;
  expect([end.state, statesOf(end), end.failure]).toEqual([
    "COMPENSATED",
    "COMPENSATED COMPENSATED SKIPPED",
    "no stock",
  ]);
  expect(end.steps.map(({ error, compensatedAt }) => [error, compensatedAt])).toEqual([
    [null, AT],
    ["no stock", AT],
    [null, null],
  ]);
});

test("a step whose compensation says that it went through lets the saga go on, if nothing is undone yet [S90]", () => {
  let saga = advance(started("reserve", "pay", "ship")).progress;
  saga = advance(settle(saga, done("reserve"), AT)).progress;
  const late = advance(expire(saga));
  expect(late.todo).toEqual({ step: "pay", direction: "COMPENSATE" });
  const resumed = advance(settle(late.progress, stands("pay"), AT));
  expect([resumed.progress.state, resumed.progress.failure]).toEqual(["RUNNING", null]);
  expect([statesOf(resumed.progress), resumed.todo]).toEqual([
    "DONE DONE RUNNING",
    { step: "ship", direction: "EXECUTE" },
  ]);

  const turned = advance(settle(saga, failed("pay"), AT)).progress;
  const back = advance(settle(turned, undone("pay"), AT)).progress;
  const stuck = advance(settle(back, stands("reserve"), AT));
  expect([stuck.progress.state, statesOf(stuck.progress), stuck.todo]).toEqual([
    "COMPENSATING",
    "COMPENSATING COMPENSATED SKIPPED",
    undefined,
  ]);
  expect(stuck.progress.steps[0]?.error).toBe("paid");
});

test("replies that nobody waits for change nothing, and the step under way is asked for again [S90]", () => {
  const saga = advance(started("reserve", "pay")).progress;
  for (const reply of [done("pay"), done("other"), undone("reserve")]) expect(settle(saga, reply, AT)).toBe(saga);
  const again = askAgain(saga);
  expect(again.todo).toEqual({ step: "reserve", direction: "EXECUTE" });
  expect(again.progress.steps.map(({ attempts }) => attempts)).toEqual([2, 0]);
  const turned = advance(expire(saga)).progress;
  expect(settle(turned, done("reserve"), AT)).toBe(turned);
  expect(expire(turned)).toBe(turned);
  expect(askAgain(turned).todo).toEqual({ step: "reserve", direction: "COMPENSATE" });
  const ended = advance(settle(turned, undone("reserve"), AT)).progress;
  expect([ended.state, askAgain(ended).todo, advance(ended).todo]).toEqual(["COMPENSATED", undefined, undefined]);
});

/** What carries out steps, as far as a saga can tell: which of them have an effect. */
interface World {
  readonly effects: Set<string>;
  readonly undone: Set<string>;
}

/** As saga-participant.ts does: once, and never after it was undone. */
function carryOut(world: World, { step, direction }: StepAction, fails: boolean, standing: boolean): StepReply {
  if (direction === "EXECUTE") {
    if (world.undone.has(step) || fails) return failed(step);
    world.effects.add(step);
    return done(step);
  }
  if (standing && world.effects.has(step)) return stands(step);
  world.effects.delete(step);
  world.undone.add(step);
  return undone(step);
}

/** Requests pile up, and any of them may be the next: a round that takes many turns is rare, not wrong. */
const MOST_TURNS = 5_000;

test("whatever is lost, repeated, late or over its time, a saga ends with every effect or none [S89] [S90]", () => {
  const random = randomOfTest("sagas");
  const names = ["one", "two", "three", "four"];
  const ends = new Map<string, number>();
  for (let round = 0; round < 2_000; round += 1) {
    const world: World = { effects: new Set(), undone: new Set() };
    const failing = names[random.integer(0, 8)];
    // As only a last step may: what is behind it is not begun, and what is before it is not undone.
    const pivot = random.next() < 0.5 ? names.at(-1) : undefined;
    let { progress, todo } = advance(started(...names));
    const asked: StepAction[] = todo === undefined ? [] : [todo];
    const take = (next: { progress: SagaProgress; todo: StepAction | undefined }) => {
      progress = next.progress;
      if (next.todo !== undefined) asked.push(next.todo);
    };
    for (let turn = 0; turn < MOST_TURNS && !hasEnded(progress); turn += 1) {
      const drawn = random.next();
      const action = asked[random.integer(0, asked.length)];
      if (drawn < 0.05) take(advance(expire(progress)));
      else if (drawn < 0.3 || action === undefined) take(askAgain(progress));
      else {
        const reply = carryOut(world, action, action.step === failing, action.step === pivot);
        // Some replies are lost, all requests stay: they may come again, in any order.
        if (random.next() < 0.8) take(advance(settle(progress, reply, AT)));
      }
    }
    expect(hasEnded(progress), statesOf(progress)).toBe(true);
    expect([...world.effects].sort()).toEqual(progress.state === "COMPLETED" ? [...names].sort() : []);
    ends.set(progress.state, (ends.get(progress.state) ?? 0) + 1);
  }
  expect([...ends.keys()].sort()).toEqual(["COMPENSATED", "COMPLETED"]);
});
