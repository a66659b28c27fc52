// A Kafka topic that gets more partitions under live subscriptions: most keys move, and nobody may miss an event
// without being told.
import { randomUUID } from "node:crypto";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { expect, test } from "vitest";
import { createKafkaEventLog } from "../../../../platform/events/kafka-event-log.ts";
import { partitionForKey } from "../../../../platform/events/partitioner.ts";
import { prefixedEventLog } from "../../../../platform/events/prefixed-event-log.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { serviceAddress } from "../../../support/services/service-addresses.ts";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, startLiveStack, TOPIC, viewer } from "./live-stack.ts";
import { connect, type Message } from "./socket-client.ts";

const QUERY = "subscription Orders($shop: ID) { orderEvents(shop: $shop) { sequence } }";
const sequencesOf = (frames: readonly Message[]) => frames.map(({ payload }) => payload.data?.orderEvents.sequence);
const MOVED = { code: "RESYNC_REQUIRED", reason: "UNKNOWN_PARTITION" };

test("streams whose key moves to a new partition end with UNKNOWN_PARTITION before any later event, the others go on", async () => {
  const brokers = serviceAddress("kafka").split(",");
  const prefix = `${randomUUID()}.`;
  const logger = createLogger({ name: "log", level: "silent" });
  const kafka = new Kafka({ clientId: "growth", brokers, logLevel: logLevel.NOTHING });
  const open = async () => {
    const log = createKafkaEventLog({ brokers, clientId: "growth", replicationFactor: 1, partitions: 1, logger });
    await log.start();
    return log;
  };
  const own = await open();
  const log = prefixedEventLog(own, prefix);
  const stack = await startLiveStack({ log });

  const shops = Array.from({ length: 40 }, (_, index) => `shop-${index}`);
  const stayer = shops.find((shop) => partitionForKey(shop, 4) === 0) ?? "";
  const [mover = "", quiet = ""] = shops.filter((shop) => partitionForKey(shop, 4) !== 0);
  stack.viewers.set(
    "member",
    viewer("user", { [stayer]: ["orders.read"], [mover]: ["orders.read"], [quiet]: ["orders.read"] }),
  );
  const client = await connect(stack.url);
  await client.init("member");
  const follow = (id: string, shop: string, resume?: string) =>
    client.subscribe(id, QUERY, { variables: { shop }, ...(resume === undefined ? {} : { resume }) });
  const ended = async (id: string) => {
    const [message] = await waitFor(() => client.of("error", id).length > 0 && client.of("error", id), {
      what: `the end of ${id}`,
    });
    return message?.payload[0].extensions;
  };

  await follow("stayer", stayer);
  await follow("mover", mover);
  await follow("quiet", quiet);
  const before = { stayer: eventWriter(log, stayer), mover: eventWriter(log, mover), quiet: eventWriter(log, quiet) };
  await before.stayer.append(3);
  await before.mover.append(3);
  await before.quiet.append(1);
  await client.take("next", "mover", 3);
  await client.take("next", "quiet", 1);
  const old = client.cursor("mover");

  const admin = kafka.admin();
  await admin.connect();
  await admin.createPartitions({ topicPartitions: [{ topic: prefix + TOPIC, count: 4 }] });
  // A writer that knows the new partitions before the gateway does.
  const aware = await open();
  const elsewhere = prefixedEventLog(aware, prefix);
  await waitFor(async () => (await elsewhere.partitionOf(TOPIC, mover)) !== 0, { what: "the writer to know" });
  // Brokers name the leaders of new partitions before these lead, and refuse what is written meanwhile.
  const lead = () =>
    admin.fetchTopicOffsets(prefix + TOPIC).then(
      (partitions) => partitions.length === 4,
      () => false,
    );
  await waitFor(lead, { what: "the new partitions to have leaders" });
  const after = eventWriter(elsewhere, mover);
  after.skip(3);
  await after.append(4);
  expect(await ended("mover")).toMatchObject(MOVED);
  expect(await ended("quiet")).toMatchObject(MOVED);
  expect(sequencesOf(client.of("next", "mover"))).toEqual(["1", "2", "3"]);
  // New partitions are read from their first record.
  await waitFor(() => stack.live.counters().eventsIn === 11, {
    what: "all events at the tail",
  });

  await follow("old cursor", mover, old);
  expect(await ended("old cursor")).toMatchObject(MOVED);
  await before.stayer.append(2);
  expect(sequencesOf(await client.take("next", "stayer", 5))).toEqual(["1", "2", "3", "4", "5"]);
  expect(client.of("error", "stayer")).toEqual([]);

  await follow("again", mover);
  const renewed = client.cursor("again");
  await after.append(2);
  expect(sequencesOf(await client.take("next", "again", 2))).toEqual(["8", "9"]);
  await follow("resumed", mover, renewed);
  expect(sequencesOf(await client.take("next", "resumed", 2))).toEqual(["8", "9"]);

  // A writer that still believes in one partition stores an event where nobody of this key looks any more.
  const raw = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await raw.connect();
  await raw.send({ topic: prefix + TOPIC, messages: [{ key: mover, value: "{}", partition: 0 }] });
  expect(await ended("again")).toMatchObject(MOVED);
  expect(await ended("resumed")).toMatchObject(MOVED);

  client.close();
  await stack.stop();
  await Promise.all([raw.disconnect(), admin.disconnect(), own.stop(), aware.stop()]);
});
