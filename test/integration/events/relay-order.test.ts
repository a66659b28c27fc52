// A relay that reads ahead while the log stores keeps each key's order, whatever commits meanwhile.
import { expect, test } from "vitest";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import type { EventLog } from "../../../platform/events/event-log.ts";
import { deferred } from "../../support/wait.ts";
import { FROM_REQUEST, thing } from "./event-fixture.ts";
import { newKey, newTopic, relaysOfFile } from "./relays-of-file.ts";

const world = relaysOfFile();

/** The log, whose first append waits until it is let go. */
function stalled(log: EventLog) {
  const begun = deferred();
  const released = deferred();
  const stalling: EventLog = {
    ...log,
    async append(topic, records) {
      begun.resolve();
      await released.promise;
      await log.append(topic, records);
    },
  };
  return { log: stalling, begun: begun.promise, release: () => released.resolve() };
}

test("a row that was numbered early and committed late comes before its key's later rows, while batches are under way [S52]", async () => {
  const { fixture } = world;
  const topic = newTopic();
  const [slow, busy] = [newKey(), newKey()];
  const numbered = deferred();
  const committed = deferred();
  const late = inTenants(fixture.client, [slow], async (tx) => {
    await fixture.outboxOf(topic).append(tx, [thing(slow, 1)], FROM_REQUEST);
    numbered.resolve();
    await committed.promise;
  });
  await numbered.promise;
  await fixture.publish(
    topic,
    Array.from({ length: 12 }, (_, n) => thing(busy, n)),
  );
  const stall = stalled(fixture.log);
  world.start(topic, stall.log, { batch: 3 });
  await stall.begun;
  // By now the relay has read what lies above the late row.
  committed.resolve();
  await late;
  await fixture.publish(topic, [thing(slow, 2), thing(busy, 12)]);
  stall.release();
  await world.drained(topic);
  const all = await world.events(topic, fixture.log);
  const of = (key: string) => all.filter(({ partitionkey }) => partitionkey === key).map(({ sequence }) => sequence);
  expect(of(slow)).toEqual(["1", "2"]);
  expect(of(busy)).toEqual(Array.from({ length: 13 }, (_, index) => String(index + 1)));
});

test("a relay that is stopped while it reads ahead marks what the log has, and the next one goes on behind it", async () => {
  const { fixture } = world;
  const topic = newTopic();
  const key = newKey();
  await fixture.publish(
    topic,
    Array.from({ length: 30 }, (_, n) => thing(key, n)),
  );
  const stall = stalled(fixture.log);
  const first = world.start(topic, stall.log, { batch: 3 });
  await stall.begun;
  const stopped = first.stop();
  stall.release();
  await stopped;
  expect(await fixture.unsent(topic)).toBe(27);
  world.start(topic, fixture.log);
  await world.drained(topic);
  const sequences = (await world.events(topic, fixture.log)).map(({ sequence }) => Number(sequence));
  expect(sequences).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
});

test("a batch has as many events as fit into memory, be they as large as events may be [EV-12]", async () => {
  const { fixture } = world;
  const topic = newTopic();
  const key = newKey();
  const text = "x".repeat(500_000);
  for (let n = 0; n < 20; n += 1) await fixture.publish(topic, [thing(key, n, { text })]);
  const sizes: number[] = [];
  const measured: EventLog = {
    ...fixture.log,
    async append(name, records) {
      sizes.push(records.reduce((sum, { value }) => sum + value.length, 0));
      await fixture.log.append(name, records);
    },
  };
  world.start(topic, measured);
  await world.drained(topic);
  expect(Math.max(...sizes)).toBeLessThan(5 * 1024 * 1024);
  expect((await world.events(topic, fixture.log)).map(({ data }) => data["n"])).toEqual([...Array(20).keys()]);
});
