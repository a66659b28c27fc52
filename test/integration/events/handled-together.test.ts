import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { systemClock } from "../../../platform/clock.ts";
import { createGroupConsumer, type EventHandler } from "../../../platform/events/group-consumer.ts";
import type { UserTables } from "../../../prisma/user/client.ts";
import { namedId } from "../../support/identities.ts";
import { waitFor } from "../../support/wait.ts";
import { singleValue } from "../support/single-value.ts";
import { createEventFixture, type EventFixture, readTopic, silent, THING, thing } from "./event-fixture.ts";

let fixture: EventFixture;

beforeAll(async () => {
  fixture = await createEventFixture();
});
afterAll(() => fixture?.stop());

/** Appends `count` events of one key at once, then consumes them until nothing is left. */
async function consume(count: number, handler: EventHandler<UserTables>): Promise<string> {
  const topic = `together.${randomUUID()}`;
  const key = namedId("org", topic);
  await fixture.log.ensureTopics([topic]);
  const events = [];
  for (let n = 0; n < count; n += 1) events.push(...(await fixture.publish(topic, [thing(key, n)])));
  await fixture.log.append(
    topic,
    events.map((event) => ({ key: event.partitionkey, value: fixture.contracts.encodeEvent(event) })),
  );
  const consumer = createGroupConsumer<UserTables>({
    log: fixture.log,
    group: topic,
    topics: [topic],
    contracts: fixture.contracts,
    database: fixture.client,
    handlers: { [THING]: handler },
    together: 10,
    policy: { baseMs: 5, capMs: 20 },
    clock: systemClock,
    logger: silent,
  });
  await consumer.start();
  try {
    await waitFor(async () => (await consumer.lag()) === 0n, { what: "no lag" });
  } finally {
    await consumer.stop();
  }
  return topic;
}

async function transactionOf(tx: UserTables): Promise<string> {
  return singleValue(await tx.$queryRaw`SELECT pg_current_xact_id()::text AS id`, z.string());
}

test("events of one key that wait together share a transaction, in order", async () => {
  const seen: { n: unknown; transaction: string }[] = [];
  await consume(10, async (event, tx) => {
    seen.push({ n: event.data["n"], transaction: await transactionOf(tx) });
  });
  expect(seen.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(new Set(seen.map(({ transaction }) => transaction)).size).toBeLessThan(10);
});

test("one bad event among them is a dead letter, the others have their effect once, in order [S51][S52]", async () => {
  const topic = await consume(6, async (event, tx) => {
    if (event.data["n"] === 3) throw new Error("cannot be handled");
    await tx.$executeRawUnsafe(
      "INSERT INTO effect (consumer, event_id, key, n) VALUES ($1, $2::uuid, $3, $4::int)",
      "together",
      event.id,
      event.partitionkey,
      event.data["n"],
    );
  });
  expect((await fixture.effects("together")).map(({ n }) => n)).toEqual([0, 1, 2, 4, 5]);
  expect(await readTopic(fixture.log, `${topic}.dlq`)).toHaveLength(1);
});
