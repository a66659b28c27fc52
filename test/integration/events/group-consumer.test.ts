import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../platform/clock.ts";
import { causedBy, type EventEnvelope } from "../../../platform/events/envelope.ts";
import {
  createGroupConsumer,
  type EventHandler,
  type GroupConsumer,
  type GroupConsumerOptions,
} from "../../../platform/events/group-consumer.ts";
import { createUserClient, type UserTransaction } from "../../../prisma/user/client.ts";
import { deferred, waitFor } from "../../support/wait.ts";
import {
  createEventFixture,
  type EventFixture,
  FROM_REQUEST,
  readTopic,
  silent,
  THING,
  thing,
} from "./event-fixture.ts";
import { startSwitch } from "./tcp-switch.ts";

let fixture: EventFixture;
const consumers: GroupConsumer[] = [];

beforeAll(async () => {
  fixture = await createEventFixture();
}, 60_000);
afterEach(async () => {
  for (const consumer of consumers.splice(0)) await consumer.stop();
});
afterAll(async () => {
  await fixture.stop();
});

type Handler = EventHandler<UserTransaction>;

const newTopic = () => `consume.${randomUUID()}`;
const newKey = () => `org_${randomUUID()}`;
/** A fraction of the pauses of production, so that no test waits for one. */
const FAST = { baseMs: 10, capMs: 50 };

function recording(group: string, before?: (event: EventEnvelope) => void | Promise<void>): Handler {
  return async (event, tx) => {
    await before?.(event);
    await tx.$executeRawUnsafe(
      "INSERT INTO effect (consumer, event_id, key, n) VALUES ($1, $2::uuid, $3, $4::int)",
      group,
      event.id,
      event.partitionkey,
      event.data["n"],
    );
  };
}

async function start(
  topic: string,
  group: string,
  handler: Handler,
  more: Partial<GroupConsumerOptions<UserTransaction>> = {},
): Promise<GroupConsumer> {
  const consumer = createGroupConsumer<UserTransaction>({
    log: fixture.log,
    group,
    topics: [topic],
    contracts: fixture.contracts,
    database: fixture.client,
    handlers: { [THING]: handler },
    policy: FAST,
    clock: systemClock,
    logger: silent,
    ...more,
  });
  consumers.push(consumer);
  await consumer.start();
  return consumer;
}

/** Appends events as the relay would. */
async function appendThings(
  topic: string,
  things: readonly (readonly [key: string, n: number])[],
): Promise<EventEnvelope[]> {
  await fixture.log.ensureTopics([topic]);
  const made: EventEnvelope[] = [];
  for (const [key, n] of things) made.push(...(await fixture.publish(topic, [thing(key, n)])));
  await fixture.log.append(
    topic,
    made.map((event) => ({ key: event.partitionkey, value: fixture.contracts.encodeEvent(event) })),
  );
  return made;
}

test("an event delivered five times has its effect once [S47] [EV-02]", async () => {
  const topic = newTopic();
  const [event] = await appendThings(topic, [[newKey(), 1]]);
  if (event === undefined) throw new Error("no event");
  const copy = { key: event.partitionkey, value: fixture.contracts.encodeEvent(event) };
  await fixture.log.append(topic, [copy, copy, copy, copy]);
  const consumer = await start(topic, topic, recording(topic));
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  expect((await fixture.effects(topic)).map(({ event_id }) => event_id)).toEqual([event.id]);
});

test("a consumer stopped in the middle goes on at its commit, nothing skipped, nothing twice [S49]", async () => {
  const topic = newTopic();
  const key = newKey();
  await appendThings(
    topic,
    Array.from({ length: 30 }, (_, n) => [key, n] as const),
  );
  const reached = deferred();
  const first = await start(
    topic,
    topic,
    recording(topic, (event) => {
      if (event.data["n"] === 12) reached.resolve();
    }),
  );
  await reached.promise;
  await first.stop();
  const partial = await fixture.effects(topic);
  expect(partial.length).toBeLessThan(30);
  const second = await start(topic, topic, recording(topic));
  await waitFor(async () => (await second.lag()) === 0n, { what: "no lag" });
  expect((await fixture.effects(topic)).map(({ n }) => n)).toEqual(Array.from({ length: 30 }, (_, n) => n));
});

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
  expect((await fixture.effects(topic)).map(({ n }) => n)).toEqual([0, 2]);
  const letters = await fixture.deadLetters(topic);
  expect(letters).toHaveLength(1);
  expect(letters[0]).toMatchObject({
    consumer: topic,
    topic,
    partition: await fixture.log.partitionOf(topic, key),
    offset: "1",
    key,
    attempts: 3,
    error: "Error: cannot be handled",
  });
  expect(JSON.parse(letters[0]?.value ?? "{}")).toMatchObject({ id: poison?.id });
});

test("a failing event blocks its own key only, and that key keeps its order [S52]", async () => {
  const topic = newTopic();
  const partition = (key: string) => fixture.log.partitionOf(topic, key);
  await fixture.log.ensureTopics([topic]);
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
  await waitFor(async () => (await fixture.effects(topic)).length === 2, { what: "the other key's effects" });
  expect((await fixture.effects(topic)).map(({ n }) => n)).toEqual([2, 3]);
  expect(await consumer.lag()).toBe(5n);
  mended = true;
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  expect((await fixture.effects(topic)).map(({ n }) => n)).toEqual([2, 3, 0, 1, 4]);
  expect(await fixture.deadLetters(topic)).toEqual([]);
});

test("records that are no events are dead-lettered once, at once, and 50 good ones pass [EV-06]", async () => {
  const topic = newTopic();
  const key = newKey();
  await fixture.log.ensureTopics([topic]);
  const [model] = await fixture.publish(topic, [thing(key, 99)]);
  await fixture.log.append(topic, [
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
  expect(await fixture.effects(topic)).toHaveLength(50);
  const letters = await fixture.deadLetters(topic);
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
  const database = new URL(fixture.databases.appUrl);
  const between = await startSwitch(Number(database.port));
  database.port = String(between.port);
  const client = createUserClient(database.href, { poolSize: 4 });
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
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag", deadlineMs: 15_000 });
  expect((await fixture.effects(topic)).map(({ n }) => n)).toEqual(Array.from({ length: 22 }, (_, n) => n));
  expect(await fixture.deadLetters(topic)).toEqual([]);
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
  expect((await fixture.deadLetters(topic))[0]?.attempts).toBe(6);
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
  expect((await fixture.deadLetters(topic))[0]?.error).toContain("longer than 100 ms");
  expect((await fixture.effects(topic)).map(({ n }) => n)).toEqual([1]);
});

test("a wildcard handler takes every type, and a follow-up event shares the correlation [S48] [S53]", async () => {
  const topic = newTopic();
  const key = newKey();
  const [cause] = await appendThings(topic, [[key, 1]]);
  const consumer = await start(topic, topic, () => Promise.resolve(), {
    handlers: {
      "*": async (event, tx) => {
        await fixture.outboxOf(`${topic}.next`).append(tx, [thing(key, 2)], causedBy(event));
      },
    },
  });
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  const rows = await fixture.databases.user.query("SELECT envelope FROM outbox WHERE topic = $1", [`${topic}.next`]);
  expect(JSON.parse(rows.rows[0]?.envelope)).toMatchObject({
    correlationid: FROM_REQUEST.correlationId,
    causationid: cause?.id,
    hop: 1,
    actorkind: "SERVICE",
  });
});

test("more unfinished records than the window are not taken in, and the rest follow", async () => {
  const topic = newTopic();
  const key = newKey();
  await appendThings(
    topic,
    Array.from({ length: 40 }, (_, n) => [key, n] as const),
  );
  const gate = deferred();
  const consumer = await start(
    topic,
    topic,
    recording(topic, () => gate.promise),
    { window: 5 },
  );
  await waitFor(() => consumer.health().unfinished === 5, { what: "a full window" });
  gate.resolve();
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  expect((await fixture.effects(topic)).map(({ n }) => n)).toEqual(Array.from({ length: 40 }, (_, n) => n));
  expect(await readTopic(fixture.log, `${topic}.dlq`)).toEqual([]);
});

test("the inbox forgets claims after their time", async () => {
  const topic = newTopic();
  await appendThings(topic, [[newKey(), 1]]);
  const consumer = await start(topic, topic, recording(topic), { keepInboxMs: 0, purgeEveryMs: 20 });
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  await waitFor(
    async () => {
      const found = await fixture.databases.user.query("SELECT 1 FROM inbox WHERE consumer = $1", [topic]);
      return found.rowCount === 0;
    },
    { what: "the claim to go" },
  );
  expect(await fixture.effects(topic)).toHaveLength(1);
});
