// A group handles each event once and in the order of its key, wherever it was stopped.
import { expect, test } from "vitest";
import { causedBy } from "../../../platform/events/envelope.ts";
import { deferred, waitFor } from "../../support/wait.ts";
import { consumersOfFile, newKey, newTopic, recording } from "./consumers-of-file.ts";
import { FROM_REQUEST, readTopic, thing } from "./event-fixture.ts";

const world = consumersOfFile();
const { start, appendThings } = world;

test("an event delivered five times has its effect once [S47] [EV-02]", async () => {
  const topic = newTopic();
  const [event] = await appendThings(topic, [[newKey(), 1]]);
  if (event === undefined) throw new Error("no event");
  const copy = { key: event.partitionkey, value: world.fixture.contracts.encodeEvent(event) };
  await world.fixture.log.append(topic, [copy, copy, copy, copy]);
  const consumer = await start(topic, topic, recording(topic));
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  expect((await world.fixture.effects(topic)).map(({ event_id }) => event_id)).toEqual([event.id]);
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
  const partial = await world.fixture.effects(topic);
  expect(partial.length).toBeLessThan(30);
  const second = await start(topic, topic, recording(topic));
  await waitFor(async () => (await second.lag()) === 0n, { what: "no lag" });
  expect((await world.fixture.effects(topic)).map(({ n }) => n)).toEqual(Array.from({ length: 30 }, (_, n) => n));
});

test("a wildcard handler takes every type, and a follow-up event shares the correlation [S48] [S53]", async () => {
  const topic = newTopic();
  const key = newKey();
  const [cause] = await appendThings(topic, [[key, 1]]);
  const consumer = await start(topic, topic, () => Promise.resolve(), {
    handlers: {
      "*": async (event, tx) => {
        await world.fixture.outboxOf(`${topic}.next`).append(tx, [thing(key, 2)], causedBy(event));
      },
    },
  });
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  const rows = await world.fixture.databases.user.query("SELECT envelope FROM outbox WHERE topic = $1", [
    `${topic}.next`,
  ]);
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
  expect((await world.fixture.effects(topic)).map(({ n }) => n)).toEqual(Array.from({ length: 40 }, (_, n) => n));
  expect(await readTopic(world.fixture.log, `${topic}.dlq`)).toEqual([]);
});

test("the inbox forgets claims after their time", async () => {
  const topic = newTopic();
  await appendThings(topic, [[newKey(), 1]]);
  const consumer = await start(topic, topic, recording(topic), { keepInboxMs: 0, purgeEveryMs: 20 });
  await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  await waitFor(
    async () => {
      const found = await world.fixture.databases.user.query("SELECT 1 FROM inbox WHERE consumer = $1", [topic]);
      return found.rowCount === 0;
    },
    { what: "the claim to go" },
  );
  expect(await world.fixture.effects(topic)).toHaveLength(1);
});
