// What events bring to subscribers, over real sockets and the Postgres log.
import { expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, startLiveStack, TOPIC, viewer } from "./live-stack.ts";
import { openMember, QUERY, range, sequencesOf } from "./order-sockets.ts";
import { composeShop, generationOf, LIVE_LINK, ORDERS_LIVE } from "./shop-graph.ts";
import { connect } from "./socket-client.ts";
import { liveStackOfFile } from "./stack-of-file.ts";

const world = liveStackOfFile();

const member = (shop: string) => openMember(world, shop);

test("an event reaches a subscriber enriched across subgraphs", async () => {
  const client = await member("shop-1");
  await client.subscribe("a", QUERY, { variables: { shop: "shop-1" } });
  await eventWriter(world.log, "shop-1").append(1);
  const [first] = await client.take("next", "a");
  expect(first?.payload).toMatchObject({
    data: {
      orderEvents: {
        sequence: "1",
        type: "orders.order.placed.v1",
        actor: { name: "name of actor-1" },
        event: {
          __typename: "OrderPlaced",
          order: { id: "order-1", state: "OPEN", buyer: { name: "name of buyer-of-order-1" } },
          price: { minor: "100", parts: [{ label: "a" }] },
        },
      },
    },
  });
  expect(first?.payload.errors).toBeUndefined();
  client.close();
});

test("what a subgraph cannot give is an error in the event, and the stream goes on", async () => {
  const writer = eventWriter(world.log, "shop-12");
  const client = await member("shop-12");
  await client.subscribe("a", QUERY, { variables: { shop: "shop-12" } });
  world.stack.shop.failing.add("people");
  await writer.append(1);
  const [partial] = await client.take("next", "a");
  world.stack.shop.failing.delete("people");
  expect(partial?.payload.data.orderEvents).toMatchObject({ sequence: "1", actor: null });
  expect(partial?.payload.errors[0].extensions.traceId).toMatch(/^[0-9a-f]{32}$/);
  await writer.append(1);
  const [, whole] = await client.take("next", "a", 2);
  expect(whole?.payload.data.orderEvents.actor).toEqual({ name: "name of actor-1" });
  client.close();
});

test("many subscribers of one operation cost one enrichment", async () => {
  const writer = eventWriter(world.log, "shop-13");
  const client = await member("shop-13");
  for (const id of range(1, 20)) await client.subscribe(id, QUERY, { variables: { shop: "shop-13" } });
  world.stack.shop.fetches.clear();
  await writer.append(1);
  for (const id of range(1, 20)) await client.take("next", id);
  // The order, its buyer, and the actor: one fetch of orders; the two people may be one fetch or two.
  expect(world.stack.shop.fetches.get("orders")).toBe(1);
  expect(world.stack.shop.fetches.get("people")).toBeLessThanOrEqual(2);
  client.close();
});

test("a reload re-plans running subscriptions and ends those that are no longer valid, on the same socket", async () => {
  const writer = eventWriter(world.log, "shop-14");
  const client = await member("shop-14");
  await client.subscribe("a", 'subscription { orderEvents(shop: "shop-14") { sequence } }');
  await client.subscribe(
    "b",
    'subscription { orderEvents(shop: "shop-14") { event { ... on OrderShipped { reason } } } }',
  );
  await writer.append(1);
  await client.take("next", "a");
  await client.take("next", "b");
  const first = generationOf(composeShop(), "first");
  world.stack.reload(generationOf(composeShop(LIVE_LINK + ORDERS_LIVE.replace(" reason: String", "")), "second"));
  const [error] = await client.take("error", "b");
  expect(error?.payload[0].extensions).toMatchObject({ code: "SCHEMA_CHANGED", status: 409 });
  await writer.append(1);
  expect(sequencesOf(await client.take("next", "a", 2))).toEqual(["1", "2"]);
  world.stack.reload(first);
  client.close();
});

test("pings carry the cursor of a quiet stream", async () => {
  const quick = await startLiveStack({ log: world.log, settings: { WS_PING_MS: 60 } });
  quick.viewers.set("t", viewer("user-q", { "shop-15": ["orders.read"] }));
  const client = await connect(quick.url);
  await client.init("t");
  await client.subscribe("a", QUERY, { variables: { shop: "shop-15" } });
  const start = client.cursor("a");
  // Events of another key in the same partition move the cursor.
  const partition = await world.log.partitionOf(TOPIC, "shop-15");
  let other = 0;
  while ((await world.log.partitionOf(TOPIC, `other-${other}`)) !== partition) other += 1;
  await eventWriter(world.log, `other-${other}`).append(1);
  await waitFor(() => client.cursor("a") !== start, { what: "a cursor in a ping" });
  await eventWriter(world.log, "shop-15").append(1);
  expect(sequencesOf(await client.take("next", "a"))).toEqual(["1"]);
  await quick.stop();
});

test("queries travel over the socket, with the errors of HTTP", async () => {
  const client = await member("shop-16");
  client.send({ id: "q", type: "subscribe", payload: { query: "{ orders { id } }" } });
  expect((await client.take("next", "q"))[0]?.payload).toEqual({ data: { orders: [] } });
  await client.take("complete", "q");
  client.send({ id: "bad", type: "subscribe", payload: { query: "{ people { id } }" } });
  const [refused] = await client.take("next", "bad");
  expect(refused?.payload.errors?.[0].extensions).toMatchObject({ code: "FORBIDDEN", status: 403 });
  client.close();
});

test.each([
  ["subscription { nothing }", /Cannot query field/],
  ["subscription { orderEvents @skip(if: false) { sequence } }", /@skip on the root field/],
  ["subscription { orderEvents { sequence } b: orderEvents { sequence } }", /only one top level field/],
  ["subscription {", /Syntax Error/],
  ["subscription A { orderEvents { type } } subscription B { orderEvents { type } }", /Name one operation/],
  ["subscription S($t: [String!]!) { orderEvents(types: $t) { type } }", /Variable "\$t"/],
])("%s is refused with its problem", async (query, problem) => {
  const client = await member("shop-17");
  await client.subscribe("a", query);
  const [error] = await client.take("error", "a");
  expect(error?.payload[0].message).toMatch(problem);
  expect(error?.payload[0].extensions).toMatchObject({ status: 400 });
  client.close();
});
