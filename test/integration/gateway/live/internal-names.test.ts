// What clients call the fields and variables of a subscription is theirs alone: events, entities and snapshots come out
// right.
import { afterEach, expect, test } from "vitest";
import { eventWriter, viewer } from "./live-stack.ts";
import { connect } from "./socket-client.ts";
import { liveStackOfFile } from "./stack-of-file.ts";

const world = liveStackOfFile();

let shops = 0;

async function follow(query: (variable: string) => string, variables: Record<string, unknown> = {}) {
  shops += 1;
  const shop = `named-${shops}`;
  world.stack.viewers.set(shop, viewer(`user of ${shop}`, { [shop]: ["orders.read"] }));
  const client = await connect(world.stack.url);
  await client.init(shop);
  await client.subscribe("a", query("shop"), { variables: { shop, ...variables } });
  return { client, shop, writer: eventWriter(world.log, shop) };
}

afterEach(() => world.stack.shop.failing.clear());

const CROSSED = (shop: string) => `subscription($${shop}: ID) { m: orderEvents(shop: $${shop}) {
  sequence: type type: sequence __typename: eventId kind: __typename
  actor { id: name name: id }
  event { k: __typename ... on OrderPlaced {
    color: __typename price { minor: parts { l: label } again: minor }
    order { id: state state: id __typename: version v: version buyer { id: name } }
  } }
} }`;

test("an event's own facts and its entities keep apart what a client calls by each other's names", async () => {
  const { client, writer } = await follow(CROSSED);
  await writer.append(1);
  const [frame] = await client.take("next", "a");
  expect(frame?.payload.errors).toBeUndefined();
  expect(frame?.payload.data.m).toEqual({
    sequence: "orders.order.placed.v1",
    type: "1",
    __typename: expect.stringMatching(/^[0-9a-f-]{36}$/),
    kind: "OrderMessage",
    actor: { id: "name of actor-1", name: "actor-1" },
    event: {
      k: "OrderPlaced",
      color: "OrderPlaced",
      price: { minor: [{ l: "a" }], again: "100" },
      order: {
        id: "OPEN",
        state: "order-1",
        __typename: 1,
        v: 1,
        buyer: { id: "name of buyer-of-order-1" },
      },
    },
  });
  client.close();
});

test("a part that fails has one error at each of its nulls, by the client's names", async () => {
  const { client, writer } = await follow(CROSSED);
  world.stack.shop.failing.add("people");
  await writer.append(1);
  const [frame] = await client.take("next", "a");
  const { data, errors } = frame?.payload ?? expect.fail();
  expect(data.m).toMatchObject({ actor: null, event: { order: { id: "OPEN", buyer: null } } });
  expect(errors.map(({ path }: { path: string[] }) => path.join("."))).toEqual([
    "m.actor.id",
    "m.event.order.buyer.id",
  ]);
  for (const { extensions } of errors) expect(extensions.code).toBe("SERVICE_UNAVAILABLE");
  client.close();
});

test("variables may be called like the gateway's own, in conditions, too", async () => {
  const query =
    () => `subscription($shop: ID, $representations: Boolean!, $if: Boolean = false) { orderEvents(shop: $shop) {
    sequence actor @include(if: $representations) { name @skip(if: $if) } event { ... on OrderPlaced @include(if: $if) { color } } } }`;
  const { client, writer } = await follow(query, { representations: true });
  await writer.append(1);
  const [frame] = await client.take("next", "a");
  expect(frame?.payload.data.orderEvents).toEqual({ sequence: "1", actor: { name: "name of actor-1" }, event: {} });
  client.close();
});

test("a snapshot shows what it selects by the client's names", async () => {
  const query =
    () => `subscription($shop: ID!) { s: stockEvents(shop: $shop, snapshot: true) { event: type type: event {
    ... on StockSnapshot { id: shop { id: motto motto: id stock { item: count count: item } } } } } }`;
  world.stack.shop.stock.set(`named-${shops + 1}`, new Map([["nails", { version: 1, count: 7 }]]));
  const { client, shop } = await follow(query);
  const [frame] = await client.take("next", "a");
  expect(frame?.payload.data.s).toEqual({
    event: "tributary.snapshot.v1",
    type: { id: { id: `motto of ${shop}`, motto: shop, stock: [{ item: 7, count: "nails" }] } },
  });
  client.close();
});
