// A Kafka topic that is deleted and created anew under live subscriptions: offsets begin again, and positions of before
// mean nothing.
import { randomUUID } from "node:crypto";
import { Kafka, logLevel } from "kafkajs";
import { expect, test } from "vitest";
import { createKafkaEventLog } from "../../../../platform/events/kafka-event-log.ts";
import { prefixedEventLog } from "../../../../platform/events/prefixed-event-log.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { serviceAddress } from "../../../support/services/service-addresses.ts";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, startLiveStack, TOPIC, viewer } from "./live-stack.ts";
import { connect, type Message } from "./socket-client.ts";

const QUERY = "subscription Orders($shop: ID) { orderEvents(shop: $shop) { sequence } }";
const RECREATED = { code: "RESYNC_REQUIRED", reason: "TOPIC_RECREATED" };
const sequencesOf = (frames: readonly Message[]) => frames.map(({ payload }) => payload.data?.orderEvents.sequence);

test("streams of a Kafka topic that is created anew end with TOPIC_RECREATED, quiet ones too, and new ones begin in the new topic", async () => {
  const brokers = serviceAddress("kafka").split(",");
  const prefix = `${randomUUID()}.`;
  const logger = createLogger({ name: "log", level: "silent" });
  const admin = new Kafka({ clientId: "recreated", brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const own = createKafkaEventLog({ brokers, clientId: "recreated", replicationFactor: 1, logger });
  await own.start();
  const log = prefixedEventLog(own, prefix);
  const stack = await startLiveStack({ log });
  stack.viewers.set("member", viewer("user", { busy: ["orders.read"], quiet: ["orders.read"] }));
  const client = await connect(stack.url);
  await client.init("member");
  const ended = async (id: string) => {
    const [message] = await waitFor(() => client.of("error", id).length > 0 && client.of("error", id), {
      what: `the end of ${id}`,
    });
    return message?.payload[0].extensions;
  };

  await client.subscribe("busy", QUERY, { variables: { shop: "busy" } });
  await client.subscribe("quiet", QUERY, { variables: { shop: "quiet" } });
  const writer = eventWriter(log, "busy");
  await writer.append(5);
  await client.take("next", "busy", 5);
  const old = client.cursor("busy");

  await admin.deleteTopics({ topics: [prefix + TOPIC] });
  await waitFor(async () => !(await admin.listTopics()).includes(prefix + TOPIC), { what: "the topic to go" });
  await log.ensureTopics([TOPIC]);
  await waitFor(() => writer.append(3).then(() => true), { what: "an append" });
  expect(await ended("busy")).toMatchObject(RECREATED);
  expect(await ended("quiet")).toMatchObject(RECREATED);
  expect(sequencesOf(client.of("next", "busy"))).toEqual(["1", "2", "3", "4", "5"]);

  await waitFor(
    async () => {
      await client.subscribe(`old ${randomUUID()}`, QUERY, { variables: { shop: "busy" }, resume: old });
      const refusals = client.messages.filter(({ type, id }) => type === "error" && id?.startsWith("old "));
      return refusals.at(-1)?.payload[0].extensions.reason === RECREATED.reason;
    },
    { what: "the old cursor to be refused" },
  );
  await client.subscribe("new", QUERY, { variables: { shop: "busy" } });
  const last = writer.sequence;
  await writer.append(2);
  expect(sequencesOf(await client.take("next", "new", 2))).toEqual([String(last + 1), String(last + 2)]);

  client.close();
  await stack.stop();
  await Promise.all([admin.disconnect(), own.stop()]);
});
