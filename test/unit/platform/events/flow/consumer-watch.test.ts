// When a consumer is rebuilt, and when only a restart would help.
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createConsumerWatch, type WatchedConsumer } from "../../../../../platform/events/flow/consumer-watch.ts";
import type { HeldPartition } from "../../../../../platform/events/kept-reader.ts";

const LIMIT_MS = 23_000;
const LOOK_MS = 3_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance", "Date"] }));
afterEach(() => void vi.useRealTimers());

/** A topic of one partition, and a consumer that does what the test says. */
function world() {
  const state = {
    high: 10n,
    committed: 0n,
    logAway: false,
    running: true,
    outageSince: undefined as Date | undefined,
    held: [{ topic: "t", partition: 0, quietSince: performance.now() }] as HeldPartition[],
    onRebuild: (): void => undefined,
    rebuilds: 0,
  };
  const storedAt = new Date();
  const consumer: WatchedConsumer = {
    group: "g",
    topics: ["t"],
    quietLimitMs: LIMIT_MS,
    health: () => ({ running: state.running, outageSince: state.outageSince }),
    held: () => state.held,
    async rebuild() {
      state.rebuilds += 1;
      state.onRebuild();
    },
  };
  const answer = async <T>(value: T): Promise<T> => {
    if (state.logAway) throw new Error("the log is away");
    return value;
  };
  const watch = createConsumerWatch({
    consumer,
    log: {
      committed: () => answer(new Map([[0, state.committed]])),
      ranges: () => answer([{ partition: 0, low: 0n, high: state.high }]),
      read: ({ from }) =>
        answer([{ topic: "t", partition: 0, offset: from, key: "k", value: "", appendedAt: storedAt }]),
    },
    clock: { now: () => new Date() },
    logger: pino({ level: "silent" }),
  });
  return {
    state,
    watch,
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += LOOK_MS) {
        vi.advanceTimersByTime(LOOK_MS);
        await watch.look();
      }
    },
  };
}

test("a consumer without progress is rebuilt within 30 s, and not before every attempt would have ended [S55]", async () => {
  const { state, watch, pass } = world();
  await watch.look();
  await pass(21_000);
  expect(state.rebuilds).toBe(0);
  expect(watch.problem()).toMatch(/^t\/0: 10 events wait, the first for 21 s; none was finished for 21 s$/);
  await pass(6_000);
  expect(state.rebuilds).toBe(1);
  expect(watch.flow()).toMatchObject({
    rebuilds: 1,
    partitions: [{ lagEvents: 10, lagSeconds: 27, secondsSinceProgress: 27 }],
  });
});

test("what is tried, what commits and what has nothing to do is not rebuilt", async () => {
  const busy = world();
  await busy.watch.look();
  for (let times = 0; times < 20; times += 1) {
    busy.state.held = [{ topic: "t", partition: 0, quietSince: performance.now() }];
    await busy.pass(LOOK_MS);
  }
  expect(busy.state.rebuilds).toBe(0);
  const committing = world();
  await committing.watch.look();
  for (let times = 0; times < 20; times += 1) {
    committing.state.committed += 1n;
    committing.state.high += 1n;
    await committing.pass(LOOK_MS);
  }
  expect(committing.state.rebuilds).toBe(0);
  const idle = world();
  idle.state.high = 0n;
  await idle.pass(120_000);
  expect(idle.state.rebuilds).toBe(0);
  expect(idle.watch.problem()).toBeUndefined();
  expect(idle.watch.flow().partitions).toMatchObject([{ lagEvents: 0, lagSeconds: 0, secondsSinceProgress: 0 }]);
});

test("the loss of the log, and of the consumer's store, is no reason to rebuild or to restart [OP-03]", async () => {
  for (const lose of [
    (state: ReturnType<typeof world>["state"]) => {
      state.logAway = true;
    },
    (state: ReturnType<typeof world>["state"]) => {
      state.outageSince = new Date();
    },
  ]) {
    const { state, watch, pass } = world();
    await watch.look();
    lose(state);
    await pass(300_000);
    expect(state.rebuilds).toBe(0);
    expect(watch.needsRestart()).toBe(false);
  }
});

test("one that has not begun, since its model is being filled, is told as such, and neither rebuilt nor to be restarted [S55]", async () => {
  const { state, watch, pass } = world();
  state.running = false;
  state.held = [];
  await watch.look();
  await pass(600_000);
  expect(watch.problem()).toBe("it does not run");
  expect([state.rebuilds, watch.needsRestart()]).toEqual([0, false]);
  // What has waited all the while is not held against it when it begins.
  state.running = true;
  state.held = [{ topic: "t", partition: 0, quietSince: performance.now() }];
  await pass(LOOK_MS);
  expect(state.rebuilds).toBe(0);
});

test("a restart is asked for when three rebuilds in a row did not help, and no longer once one did", async () => {
  const { state, watch, pass } = world();
  state.onRebuild = () => {
    state.held = [{ topic: "t", partition: 0, quietSince: performance.now() }];
  };
  await watch.look();
  await pass(54_000);
  expect([state.rebuilds, watch.needsRestart()]).toEqual([2, false]);
  await pass(27_000);
  expect([state.rebuilds, watch.needsRestart()]).toEqual([3, true]);
  state.committed = 5n;
  await pass(3_000);
  expect(watch.needsRestart()).toBe(false);
});

test("a member without partitions joins anew rarely: another one may be busy with what it has", async () => {
  const { state, watch, pass } = world();
  state.held = [];
  await watch.look();
  await pass(290_000);
  expect(state.rebuilds).toBe(1);
});
