// What a group does with events that fail, that are none, that never end, and without its database.
import { expect, test } from "vitest";
import { createUserClient } from "../../../prisma/user/client.ts";
import { throughPort } from "../../support/through-port.ts";
import { waitFor } from "../../support/wait.ts";
import { consumersOfFile, FAST, newKey, newTopic, recording } from "./consumers-of-file.ts";
import { thing } from "./event-fixture.ts";
import { startSwitch } from "./tcp-switch.ts";

const world = consumersOfFile();
const { start, appendThings } = world;

test("a poison event becomes a dead letter after exactly 3 attempts and the next ones proceed [S51]", async () => {
  const topic = newTopic();
  const key = newKey();
  const [, poison] = await appendThings(topic, [
    [key, 0],
    [key, 1],
    [key, 2],
  ]);
  const attempts: number[] = [];
  const consumer = await start(topic, topic, async (event, tx, context) => {
    if (event.data["n"] === 1) {
      attempts.push(context.attempt);
      throw new Error("cannot be handled");
    }
    await recording(topic)(event, tx, context);
  });
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  expect(attempts).toEqual([1, 2, 3]);
  expect((await world.fixture.effects(topic)).map(({ n }) => n)).toEqual([0, 2]);
  const letters = await world.fixture.deadLetters(topic);
  expect(letters).toHaveLength(1);
  expect(letters[0]).toMatchObject({
    consumer: topic,
    topic,
    partition: await world.fixture.log.partitionOf(topic, key),
    offset: "1",
    key,
    attempts: 3,
    error: "Error: cannot be handled",
  });
  expect(JSON.parse(letters[0]?.value ?? "{}")).toMatchObject({ id: poison?.id });
});

test("a failing event blocks its own key only, and that key keeps its order [S52]", async () => {
  const topic = newTopic();
  const partition = (key: string) => world.fixture.log.partitionOf(topic, key);
  await world.fixture.log.ensureTopics([topic]);
  const blocked = newKey();
  let free = newKey();
  while ((await partition(free)) !== (await partition(blocked))) free = newKey();
  await appendThings(topic, [
    [blocked, 0],
    [blocked, 1],
    [free, 2],
    [free, 3],
    [blocked, 4],
  ]);
  let mended = false;
  const consumer = await start(
    topic,
    topic,
    recording(topic, (event) => {
      if (event.data["n"] === 0 && !mended) throw new Error("not yet");
    }),
    { policy: { ...FAST, attempts: 1_000 } },
  );
  await waitFor(async () => (await world.fixture.effects(topic)).length === 2, { what: "the other key's effects" });
  expect((await world.fixture.effects(topic)).map(({ n }) => n)).toEqual([2, 3]);
  expect(await consumer.lag()).toBe(5n);
  mended = true;
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  expect((await world.fixture.effects(topic)).map(({ n }) => n)).toEqual([2, 3, 0, 1, 4]);
  expect(await world.fixture.deadLetters(topic)).toEqual([]);
});

test("records that are no events are dead-lettered once, at once, and 50 good ones pass [EV-06]", async () => {
  const topic = newTopic();
  const key = newKey();
  await world.fixture.log.ensureTopics([topic]);
  const [model] = await world.fixture.publish(topic, [thing(key, 99)]);
  await world.fixture.log.append(topic, [
    { key, value: '{"specversion":"1.0",' },
    { key, value: JSON.stringify({ ...model, type: "test.thing.happened.v9" }) },
    { key, value: JSON.stringify({ ...model, data: { n: "not a number" } }) },
  ]);
  await appendThings(
    topic,
    Array.from({ length: 50 }, (_, n) => [key, n] as const),
  );
  const consumer = await start(topic, topic, recording(topic));
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  expect(await world.fixture.effects(topic)).toHaveLength(50);
  const letters = await world.fixture.deadLetters(topic);
  expect(letters.map(({ offset, attempts }) => [offset, attempts])).toEqual([
    ["0", 1],
    ["1", 1],
    ["2", 1],
  ]);
  expect(letters.map(({ error }) => error.slice(0, 8))).toEqual(["not JSON", "unknown ", "test.thi"]);
});

test("an outage of the consumer's database is waited out: no attempt counted, no dead letter [EV-06]", async () => {
  const topic = newTopic();
  const key = newKey();
  const { appUrl } = world.fixture.databases;
  const between = await startSwitch(Number(new URL(appUrl).port));
  const client = createUserClient(throughPort(appUrl, between.port), { poolSize: 4 });
  const attempts = new Set<number>();
  const consumer = await start(
    topic,
    topic,
    async (event, tx, context) => {
      attempts.add(context.attempt);
      await recording(topic)(event, tx, context);
    },
    { database: client },
  );
  await appendThings(topic, [
    [key, 0],
    [key, 1],
  ]);
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  await between.cut();
  await appendThings(
    topic,
    Array.from({ length: 20 }, (_, n) => [key, n + 2] as const),
  );
  await waitFor(() => consumer.health().outageSince !== undefined, { what: "the outage to be noticed" });
  await between.restore();
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  expect((await world.fixture.effects(topic)).map(({ n }) => n)).toEqual(Array.from({ length: 22 }, (_, n) => n));
  expect(await world.fixture.deadLetters(topic)).toEqual([]);
  expect([...attempts]).toEqual([1]);
  expect(consumer.health().outageSince).toBeUndefined();
  await consumer.stop();
  await client.$disconnect();
  await between.close();
});

test("pauses grow exponentially below a cap, jittered, by each consumer's own policy [S50]", async () => {
  const topic = newTopic();
  await appendThings(topic, [[newKey(), 0]]);
  const pauses: number[] = [];
  const jitter = [0.5, 1, 0.25, 1, 1];
  const consumer = await start(topic, topic, () => Promise.reject(new Error("always")), {
    policy: { attempts: 6, baseMs: 200, capMs: 1_000, deadlineMs: 5_000 },
    random: () => jitter[pauses.length] ?? 1,
    sleep: (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
  });
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  expect(pauses).toEqual([100, 400, 200, 1_000, 1_000]);
  expect((await world.fixture.deadLetters(topic))[0]?.attempts).toBe(6);
});

test("an attempt that never settles fails at its deadline", async () => {
  const topic = newTopic();
  const key = newKey();
  await appendThings(topic, [
    [key, 0],
    [key, 1],
  ]);
  const attempts: number[] = [];
  const consumer = await start(
    topic,
    topic,
    async (event, tx, context) => {
      if (event.data["n"] === 0) {
        attempts.push(context.attempt);
        await tx.$executeRawUnsafe("SELECT set_config('statement_timeout', '1', true)");
        await new Promise(() => undefined);
      }
      await recording(topic)(event, tx, context);
    },
    { policy: { ...FAST, attempts: 1, deadlineMs: 100 } },
  );
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  expect(attempts).toEqual([1]);
  expect((await world.fixture.deadLetters(topic))[0]?.error).toContain("longer than 100 ms");
  expect((await world.fixture.effects(topic)).map(({ n }) => n)).toEqual([1]);
});
