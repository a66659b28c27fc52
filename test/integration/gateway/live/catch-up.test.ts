// Many subscribers behind a small ring, on both real logs: the log is read per page, not per subscriber, and nothing is
// lost on the way.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EventLog } from "../../../../platform/events/event-log.ts";
import { createKafkaEventLog } from "../../../../platform/events/kafka-event-log.ts";
import { createPostgresEventLog } from "../../../../platform/events/postgres-event-log.ts";
import { prefixedEventLog } from "../../../../platform/events/prefixed-event-log.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { type EventDatabases, startEventDatabases } from "../../../support/services/event-databases.ts";
import { serviceAddress } from "../../../support/services/service-addresses.ts";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, type LiveStack, startLiveStack, TOPIC, viewer } from "./live-stack.ts";
import { connect, type Message } from "./socket-client.ts";

const logger = createLogger({ name: "log", level: "silent" });
const QUERY = "subscription Orders($shop: ID) { orderEvents(shop: $shop) { sequence } }";
const sequencesOf = (frames: readonly Message[]) => frames.map(({ payload }) => payload.data?.orderEvents.sequence);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

let databases: EventDatabases;
beforeAll(async () => {
  databases = await startEventDatabases();
});
afterAll(() => databases?.stop());

const logs: readonly (readonly [string, () => EventLog])[] = [
  ["Postgres", () => createPostgresEventLog({ connectionString: databases.eventsUrl, logger })],
  [
    "Kafka",
    () => {
      const brokers = serviceAddress("kafka").split(",");
      const log = createKafkaEventLog({ brokers, clientId: "catch-up", replicationFactor: 1, logger });
      return prefixedEventLog(log, `${randomUUID()}.`);
    },
  ],
];

async function member(stack: LiveStack, shop: string) {
  const token = `member of ${shop}`;
  stack.viewers.set(token, viewer(`user-${shop}`, { [shop]: ["orders.read"] }));
  const client = await connect(stack.url);
  await client.init(token);
  return client;
}

describe.each(logs)("behind the ring of the %s log", (_name, openLog) => {
  let log: EventLog;
  let stack: LiveStack;
  beforeAll(async () => {
    log = openLog();
    await log.start();
    stack = await startLiveStack({ log, settings: { LIVE_RING_EVENTS: 20 } });
  });
  afterAll(async () => {
    await stack?.stop();
    await log?.stop();
  });

  test("200 subscribers catch up over the same pages, each event once and in order, then live", async () => {
    const shops = Array.from({ length: 10 }, (_, index) => ({ shop: `shop-${index}`, resume: [] as string[] }));
    const writers = new Map(shops.map(({ shop }) => [shop, eventWriter(log, shop)]));
    const writerOf = (shop: string) => writers.get(shop) ?? eventWriter(log, shop);
    const others = Array.from({ length: 20 }, (_, index) => eventWriter(log, `other-${index}`));

    // A cursor behind every fifth event of a shop's first twenty.
    for (const { shop, resume } of shops) {
      const client = await member(stack, shop);
      await client.subscribe("first", QUERY, { variables: { shop } });
      resume.push(client.cursor("first"));
      for (let step = 1; step <= 3; step += 1) {
        await writerOf(shop).append(5);
        await client.take("next", "first", 5 * step);
        resume.push(client.cursor("first"));
      }
      client.close();
    }
    for (let round = 0; round < 5; round += 1) {
      for (const other of others) await other.append(20);
      for (const { shop } of shops) await writerOf(shop).append(5);
    }
    const total = 10 * 40 + 20 * 100;
    await waitFor(() => stack.live.counters().eventsIn === total, { what: "the tail to arrive", deadlineMs: 30_000 });
    const readsBefore = stack.live.counters().replayReads;

    const clients = await Promise.all(
      shops.map(async ({ shop, resume }) => ({ shop, resume, client: await member(stack, shop) })),
    );
    await Promise.all(
      clients.flatMap(({ shop, resume, client }) =>
        Array.from({ length: 20 }, (_, index) =>
          client.subscribe(`s${index}`, QUERY, { variables: { shop }, resume: resume[index % 4] ?? "" }),
        ),
      ),
    );
    for (const { shop } of shops) await writerOf(shop).append(1);
    await Promise.all(
      clients.flatMap(({ client }) =>
        Array.from({ length: 20 }, async (_, index) => {
          const start = 5 * (index % 4);
          const frames = await client.take("next", `s${index}`, 41 - start);
          expect(sequencesOf(frames)).toEqual(range(start + 1, 41));
        }),
      ),
    );

    const partitions = await log.ranges(TOPIC);
    const pages = partitions.reduce((sum, { high }) => sum + Math.ceil(Number(high) / 256), 0);
    const reads = stack.live.counters().replayReads - readsBefore;
    expect(reads).toBeGreaterThan(0);
    // The last page of a partition grows while it is read.
    expect(reads).toBeLessThanOrEqual(pages + 2 * partitions.length);
    for (const { client } of clients) client.close();
  });
});

test("a log that is trimmed in the middle of a catch-up ends it with RETENTION, and no later event follows", async () => {
  const real = createPostgresEventLog({ connectionString: databases.eventsUrl, logger });
  await real.start();
  const trimming = prefixedEventLog(real, "trimmed.");
  const gate = Promise.withResolvers<void>();
  const asked: bigint[] = [];
  const log: EventLog = {
    ...trimming,
    async read(request) {
      asked.push(request.from);
      if (request.from >= 256n) await gate.promise;
      return trimming.read(request);
    },
  };
  const stack = await startLiveStack({ log, settings: { LIVE_RING_EVENTS: 5 } });
  const client = await member(stack, "shop-t");
  await client.subscribe("first", QUERY, { variables: { shop: "shop-t" } });
  const resume = client.cursor("first");
  client.send({ id: "first", type: "complete" });
  await eventWriter(log, "shop-t").append(800);
  await waitFor(() => stack.live.counters().eventsIn === 800, { what: "the tail to arrive" });

  await client.subscribe("late", QUERY, { variables: { shop: "shop-t" }, resume });
  await waitFor(() => asked.some((from) => from >= 256n), { what: "the second page to be asked for" });
  const topic = `trimmed.${TOPIC}`;
  const partition = await log.partitionOf(TOPIC, "shop-t");
  await databases.events.query(
    "UPDATE event_record SET appended_at = '2000-01-01' WHERE topic = $1 AND partition = $2 AND record_offset < 600",
    [topic, partition],
  );
  await databases.events.query("SELECT event_purge($1, $2, '2001-01-01', 1000)", [topic, partition]);
  gate.resolve();
  const [error] = await client.take("error", "late");
  expect(error?.payload[0].extensions).toMatchObject({ code: "RESYNC_REQUIRED", reason: "RETENTION" });
  await eventWriter(log, "shop-u").append(1);
  await waitFor(() => stack.live.counters().eventsIn === 801, { what: "a later event" });
  expect(sequencesOf(client.of("next", "late"))).toEqual(range(1, 256));
  client.close();
  await stack.stop();
  await real.stop();
});
