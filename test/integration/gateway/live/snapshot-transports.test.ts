// Snapshots as each transport carries them: where the stream stands before, at and behind one; and that none is read
// from caches that an event below its position has yet to empty.
import { expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, viewer } from "./live-stack.ts";
import { connect, type SocketClient } from "./socket-client.ts";
import { streamStackOfFile } from "./stack-of-file.ts";
import { read } from "./stream-stack.ts";

const TOPIC = "stock.events";
const QUERY = `subscription Stock($shop: ID!) { stockEvents(shop: $shop, snapshot: true) {
  sequence type event { ... on StockChanged { item version } ... on StockSnapshot { shop { stock { item version } } } }
} }`;

/** Eviction waits while this is held. */
let evicting: Promise<void> = Promise.resolve();
const world = streamStackOfFile({ eviction: { evict: () => evicting, evictAll: () => evicting } });

function openShop(shop: string) {
  const levels = new Map([["a", { version: 1, count: 1 }]]);
  world.stack.live.shop.stock.set(shop, levels);
  world.stack.live.viewers.set(shop, viewer(`user-${shop}`, { [shop]: ["orders.read"] }));
  const writer = eventWriter(world.log, shop, TOPIC);
  return {
    async change(item: string) {
      const version = (levels.get(item)?.version ?? 0) + 1;
      levels.set(item, { version, count: 1 });
      await writer.append(1, "stock.item.changed.v1", { item, version, count: 1 });
    },
  };
}

function holdReads() {
  const held = Promise.withResolvers<void>();
  let reads = 0;
  const { shop } = world.stack.live;
  shop.onRead = () => {
    reads += 1;
    return held.promise;
  };
  return {
    reads: () => reads,
    release() {
      shop.onRead = async () => undefined;
      held.resolve();
    },
  };
}

async function socketOf(shop: string): Promise<SocketClient> {
  const client = await connect(world.stack.live.url);
  await client.init(shop);
  return client;
}

// biome-ignore lint/suspicious/noExplicitAny: assertions read the payload freely
const kindOf = (payload: any) => payload.data.stockEvents.event.shop?.stock ?? payload.data.stockEvents.sequence;
const LEVEL_1 = [{ item: "a", version: 1 }];
const LEVEL_2 = [{ item: "a", version: 2 }];

test("on a socket the first ping comes before the snapshot, and its cursor brings the snapshot that is still owed", async () => {
  const shop = "socket-snapshot";
  const { change } = openShop(shop);
  const held = holdReads();
  const first = await socketOf(shop);
  await first.subscribe("a", QUERY, { variables: { shop } });
  const owed = first.cursor("a");
  await waitFor(() => held.reads() > 0, { what: "the query" });
  expect(first.of("next", "a")).toEqual([]);
  first.socket.terminate();
  held.release();
  await change("a");
  const second = await socketOf(shop);
  await second.subscribe("a", QUERY, { variables: { shop }, resume: owed });
  const [snapshot] = await second.take("next", "a");
  expect(kindOf(snapshot?.payload)).toEqual(LEVEL_2);
  await change("a");
  await second.take("next", "a", 2);
  // The same document goes on behind the snapshot, and without one.
  const plain = QUERY.replace(", snapshot: true", "");
  for (const query of [QUERY, plain]) {
    const third = await socketOf(shop);
    await third.subscribe("a", query, { variables: { shop }, resume: snapshot?.payload.extensions.tributary.cursor });
    expect((await third.take("next", "a")).map(({ payload }) => kindOf(payload))).toEqual(["2"]);
    third.close();
  }
  // Who wants no snapshot any more goes on behind the cursor that owes one.
  await second.subscribe("b", plain, { variables: { shop }, resume: owed });
  expect((await second.take("next", "b", 2)).map(({ payload }) => kindOf(payload))).toEqual(["1", "2"]);
  second.close();
});

test.each(["sse", "multipart"] as const)(
  "over %s the stream begins with the snapshot, and a reader that reconnects before it came gets one",
  async (format) => {
    const shop = `${format}-snapshot`;
    const { change } = openShop(shop);
    const held = holdReads();
    const options = { query: QUERY, variables: { shop }, token: shop, format };
    const first = await read(world.stack.url, options);
    await waitFor(() => held.reads() > 0 && first.lastId, { what: "the first heartbeat and the query" });
    expect(first.nexts()).toEqual([]);
    const owed = first.lastId ?? "";
    first.abort();
    held.release();
    const second = await read(world.stack.url, { ...options, headers: { "last-event-id": owed } });
    const payload = (message: { readonly data: unknown } | undefined) =>
      format === "sse" ? message?.data : Reflect.get(Object(message?.data), "payload");
    const [snapshot] = await second.take(1);
    expect(kindOf(payload(snapshot))).toEqual(LEVEL_1);
    expect(snapshot?.id).toBe(second.lastId);
    second.abort();
    await change("a");
    const third = await read(world.stack.url, { ...options, headers: { "last-event-id": second.lastId ?? "" } });
    expect((await third.take(1)).map((message) => kindOf(payload(message)))).toEqual(["1"]);
    third.abort();
  },
);

test("no snapshot is read before the events below its position have emptied the caches", async () => {
  const shop = "evicted-snapshot";
  const { change } = openShop(shop);
  const client = await socketOf(shop);
  const hold = Promise.withResolvers<void>();
  evicting = hold.promise;
  const counting = holdReads();
  await change("a");
  await client.subscribe("a", QUERY, { variables: { shop } });
  // An answer to a ping: the subscribe was handled, and had every chance to query.
  client.send({ type: "ping", payload: { settled: true } });
  await waitFor(() => client.messages.some(({ type, payload }) => type === "pong" && payload?.settled), {
    what: "a pong",
  });
  expect(counting.reads()).toBe(0);
  hold.resolve();
  evicting = Promise.resolve();
  await waitFor(() => counting.reads() > 0, { what: "the query" });
  counting.release();
  expect(kindOf((await client.take("next", "a"))[0]?.payload)).toEqual(LEVEL_2);
  client.close();
});

test("a field without a snapshot refuses to begin with one", async () => {
  openShop("no-snapshot");
  const client = await socketOf("no-snapshot");
  await client.subscribe("a", 'subscription { orderEvents(shop: "no-snapshot", snapshot: true) { sequence } }');
  const [error] = await client.take("error", "a");
  expect(error?.payload[0]).toMatchObject({
    message: 'Unknown argument "snapshot" on field "Subscription.orderEvents".',
    extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
  });
  client.close();
});
