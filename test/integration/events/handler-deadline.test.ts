// A handler that comes to no end: its attempt fails at the deadline, its transaction really ends, and whatever it does
// later has no effect beside the retry's.
import { expect, test } from "vitest";
import { deferred, waitFor } from "../../support/wait.ts";
import { consumersOfFile, FAST, newKey, newTopic, recording } from "./consumers-of-file.ts";

const world = consumersOfFile();
const { start, appendThings } = world;

/** Transactions of the consumers' role that are open now. */
async function openTransactions(): Promise<string[]> {
  const { rows } = await world.fixture.databases.user.query(
    `SELECT query FROM pg_stat_activity WHERE usename = 'tributary_user_app' AND state <> 'idle'`,
  );
  return rows.map(({ query }) => query);
}

test("a late handler's statements are refused, and its effect is not committed beside the retry's [S47] [S49]", async () => {
  const topic = newTopic();
  const key = newKey();
  await appendThings(topic, [
    [key, 0],
    [key, 1],
  ]);
  const gate = deferred();
  const late = deferred<unknown>();
  const signals: AbortSignal[] = [];
  const consumer = await start(
    topic,
    topic,
    async (event, tx, context) => {
      await recording(topic)(event, tx, context);
      if (event.data["n"] !== 0 || context.attempt > 1) return;
      signals.push(context.signal);
      await gate.promise;
      await recording(topic)(event, tx, context).then(
        () => late.resolve("went through"),
        (error: unknown) => late.resolve(error),
      );
    },
    { policy: { ...FAST, deadlineMs: 300 } },
  );
  // The retry does not wait for the late handler: nobody has opened its gate.
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  expect((await world.fixture.effects(topic)).map(({ n }) => n)).toEqual([0, 1]);
  expect(await openTransactions()).toEqual([]);

  gate.resolve();
  expect(await late.promise).toBeInstanceOf(Error);
  expect((await world.fixture.effects(topic)).map(({ n }) => n)).toEqual([0, 1]);
  expect(await world.fixture.deadLetters(topic)).toEqual([]);
});

test("a statement that never ends is cancelled at the deadline: the retry is not held by its locks", async () => {
  const topic = newTopic();
  await appendThings(topic, [[newKey(), 0]]);
  const consumer = await start(
    topic,
    topic,
    async (event, tx, context) => {
      await recording(topic)(event, tx, context);
      if (context.attempt === 1) await tx.$executeRawUnsafe("SELECT pg_sleep(600)");
    },
    { policy: { ...FAST, deadlineMs: 500 } },
  );
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  expect((await world.fixture.effects(topic)).map(({ n }) => n)).toEqual([0]);
  expect(await openTransactions()).toEqual([]);
});

test("a handler that never settles becomes a dead letter, once, and later events of its key follow [S51]", async () => {
  const topic = newTopic();
  const key = newKey();
  await appendThings(topic, [
    [key, 0],
    [key, 1],
  ]);
  const consumer = await start(
    topic,
    topic,
    async (event, tx, context) => {
      await recording(topic)(event, tx, context);
      if (event.data["n"] === 0) await new Promise(() => undefined);
    },
    { policy: { ...FAST, attempts: 2, deadlineMs: 200 } },
  );
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  const letters = await world.fixture.deadLetters(topic);
  expect(letters.map(({ attempts, error }) => [attempts, error])).toEqual([
    [2, expect.stringContaining("longer than 200 ms")],
  ]);
  expect((await world.fixture.effects(topic)).map(({ n }) => n)).toEqual([1]);
});
