// The live room while its only broker is away in three ways, and others go on producing: nothing is lost, doubled or
// out of order.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EventLog } from "../../../../platform/events/event-log.ts";
import { createKafkaEventLog } from "../../../../platform/events/kafka-event-log.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { createFaultProxy, type FaultProxy } from "../../../support/fault-proxy.ts";
import { freePort } from "../../../support/ports.ts";
import { type KafkaBroker, startKafka } from "../../../support/services/kafka.ts";
import { waitFor, waitWithin } from "../../../support/wait.ts";
import { eventWriter, type LiveStack, startLiveStack, viewer } from "./live-stack.ts";
import { connect, type Message, type SocketClient } from "./socket-client.ts";

const QUERY = "subscription Orders($shop: ID) { orderEvents(shop: $shop) { sequence } }";
const sequencesOf = (frames: readonly Message[]) => frames.map(({ payload }) => payload.data?.orderEvents.sequence);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
/** A subscribe may take five seconds to find that the log is away. */
const ANSWER_MS = 6_000;
const RETURN_MS = 30_000;

let broker: KafkaBroker;
let proxy: FaultProxy;
/** Past the proxy, as another process with a network of its own. */
let direct: EventLog;
let log: EventLog;
let stack: LiveStack;

beforeAll(async () => {
  const port = await freePort();
  broker = await startKafka({ advertisedPort: port });
  if (broker.proxyTarget === undefined) throw new Error("the broker listens for no proxy");
  proxy = await createFaultProxy({ target: broker.proxyTarget, port });
  const logger = createLogger({ name: "log", level: "silent" });
  const open = async (address: string) => {
    const opened = createKafkaEventLog({ brokers: [address], clientId: "faults", replicationFactor: 1, logger });
    await opened.start();
    return opened;
  };
  direct = await open(broker.brokers);
  log = await open(`127.0.0.1:${port}`);
  stack = await startLiveStack({ log, settings: { LIVE_RING_EVENTS: 10 } });
});
afterAll(async () => {
  await stack?.stop();
  await log?.stop();
  await direct?.stop();
  await proxy?.stop();
  await broker?.stop();
});

async function member(shop: string): Promise<SocketClient> {
  stack.viewers.set(shop, viewer(`user-${shop}`, { [shop]: ["orders.read"] }));
  const client = await connect(stack.url);
  await client.init(shop);
  return client;
}

async function received(client: SocketClient, id: string, count: number): Promise<string[]> {
  await waitFor(() => client.of("next", id).length >= count || client.of("error", id).length > 0, {
    what: `${count} events of ${id}; have ${client.of("next", id).length}`,
    deadlineMs: RETURN_MS,
  });
  expect(client.of("error", id)).toEqual([]);
  return sequencesOf(client.of("next", id));
}

test.each(["refuse", "half-open", "black-hole"] as const)(
  "events stored while the broker is away (%s) reach attached and resuming subscribers once and in order",
  async (mode) => {
    const shop = `shop-${mode}`;
    const client = await member(shop);
    const writer = eventWriter(direct, shop);
    await client.subscribe("attached", QUERY, { variables: { shop } });
    await client.subscribe("leaving", QUERY, { variables: { shop } });
    await writer.append(2);
    await received(client, "leaving", 2);
    const cursor = client.cursor("leaving");
    client.send({ id: "leaving", type: "complete" });

    await proxy.mode(mode);
    for (let batch = 0; batch < 6; batch += 1) await writer.append(10);
    client.send({ id: "during", type: "subscribe", payload: { query: QUERY, variables: { shop } } });
    const refused = () => client.of("error", "during").length > 0 && client.of("error", "during");
    const [refusal] = await waitWithin(ANSWER_MS, refused, { what: "an answer to the subscribe" });
    expect(refusal?.payload[0].extensions.code).toBe("EVENT_LOG_UNAVAILABLE");
    await writer.append(10);
    expect(client.of("error", "attached")).toEqual([]);

    await proxy.mode("pass");
    expect(await received(client, "attached", 72)).toEqual(range(1, 72));
    await client.subscribe("resumed", QUERY, { variables: { shop }, resume: cursor });
    expect(await received(client, "resumed", 70)).toEqual(range(3, 72));
    await writer.append(1);
    expect(await received(client, "attached", 73)).toEqual(range(1, 73));
    expect(await received(client, "resumed", 71)).toEqual(range(3, 73));
    client.close();
  },
);

test("a topic whose opening hangs is refused to subscribers in time, and served once it is open", async () => {
  const opening = Promise.withResolvers<void>();
  let starting = true;
  const hanging: EventLog = {
    ...direct,
    async ensureTopics(topics) {
      if (starting) throw new Error("away while the gateway starts");
      await opening.promise;
      await direct.ensureTopics(topics);
    },
  };
  const own = await startLiveStack({ log: hanging });
  starting = false;
  own.viewers.set("member", viewer("user", { "shop-h": ["orders.read"] }));
  const client = await connect(own.url);
  await client.init("member");
  client.send({ id: "early", type: "subscribe", payload: { query: QUERY, variables: { shop: "shop-h" } } });
  const refused = () => client.of("error", "early").length > 0 && client.of("error", "early");
  const [refusal] = await waitWithin(ANSWER_MS, refused, { what: "an answer to the subscribe" });
  expect(refusal?.payload[0].extensions.code).toBe("EVENT_LOG_UNAVAILABLE");
  opening.resolve();
  await client.subscribe("later", QUERY, { variables: { shop: "shop-h" } });
  await eventWriter(direct, "shop-h").append(1);
  expect(await received(client, "later", 1)).toEqual(["1"]);
  client.close();
  await own.stop();
});
