// S86: how far a replica may be behind to be read from. Positions and time are the test's.
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { createReplicaLag, MAX_LAG_MS, type ReplicaLag } from "../../../../platform/database/replica/replica-lag.ts";
import { waitFor } from "../../../support/wait.ts";

/** Answers every statement with a position, or fails. */
function server(position: string | null) {
  const state = { position, down: false, asked: 0 };
  return {
    state,
    async $queryRawUnsafe() {
      state.asked += 1;
      if (state.down) throw new Error("down");
      return [{ position: state.position }];
    },
    $executeRawUnsafe: async () => 0,
  };
}

let lag: ReplicaLag | undefined;
afterEach(async () => lag?.part.stop?.());

async function start(written: string, replayed: string | null) {
  const [primary, replica] = [server(written), server(replayed)];
  let time = 0;
  const watch = createReplicaLag({
    ...{ name: "test replica", primary, replica, logger: pino({ level: "silent" }) },
    now: () => time,
  });
  lag = watch;
  await watch.part.start?.();
  return {
    primary,
    replica,
    watch,
    pass: (ms: number) => {
      time += ms;
    },
    /** Until a look that begins from now on is over: the next but one has begun. */
    async looked() {
      const seen = primary.state.asked + 2;
      await waitFor(() => primary.state.asked >= seen, { what: "another look", intervalMs: 10 });
    },
  };
}

test("a replica that has replayed what was written is fresh, and one that was not asked for a second is not", async () => {
  const { watch, pass, looked } = await start("0/10", "0/10");
  expect(watch.isFresh()).toBe(true);
  pass(MAX_LAG_MS - 1);
  expect(watch.isFresh()).toBe(true);
  pass(1);
  expect(watch.isFresh()).toBe(false);
  await looked();
  expect(watch.isFresh()).toBe(true);
});

test("positions are numbers of two halves: `1/0` comes behind `0/FFFFFFFF`", async () => {
  const { watch, replica, looked } = await start("1/0", "0/FFFFFFFF");
  expect(watch.isFresh()).toBe(false);
  replica.state.position = "1/A";
  await looked();
  expect(watch.isFresh()).toBe(true);
});

test("a replica is as old as the newest moment whose writes it shows", async () => {
  const { watch, primary, pass, looked } = await start("0/10", "0/10");
  primary.state.position = "0/20";
  pass(MAX_LAG_MS / 2);
  await looked();
  // It lacks what was written since, and shows what was written half a second ago.
  expect(watch.isFresh()).toBe(true);
  expect(watch.seconds()).toBeCloseTo(MAX_LAG_MS / 2_000);
  pass(MAX_LAG_MS / 2);
  await looked();
  expect(watch.isFresh()).toBe(false);
});

test("a server that is no replica, that is away or distrusted is not read from", async () => {
  const promoted = await start("0/10", null);
  expect(promoted.watch.isFresh()).toBe(false);
  await promoted.watch.part.stop?.();
  const { watch, replica, primary, pass, looked } = await start("0/10", "0/10");
  watch.distrust();
  expect(watch.isFresh()).toBe(false);
  await looked();
  expect(watch.isFresh()).toBe(true);
  replica.state.down = true;
  pass(MAX_LAG_MS);
  await looked();
  expect(watch.isFresh()).toBe(false);
  replica.state.down = false;
  await looked();
  expect(watch.isFresh()).toBe(true);
  // Nobody can say how far it is behind.
  primary.state.down = true;
  pass(MAX_LAG_MS);
  await looked();
  expect(watch.isFresh()).toBe(false);
});
