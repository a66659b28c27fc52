// What enriching an event costs its subgraphs, and that nothing is shown that is older than the event.
import type { GraphQLDataSource } from "@apollo/gateway";
import { expect, test } from "vitest";
import { createEventEviction } from "../../../../gateway/cache/event-eviction.ts";
import { createMemoryCache } from "../../../../platform/cache/memory-cache.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { waitFor, waitWithin } from "../../../support/wait.ts";
import { envelopeText } from "../../../unit/gateway/live/memory-log.ts";
import { type LiveStack, startLiveStack, TOPIC, viewer } from "./live-stack.ts";
import { composeShop, generationOf, LIVE_LINK, ORDERS_LIVE } from "./shop-graph.ts";
import { connect } from "./socket-client.ts";
import { liveStackOfFile } from "./stack-of-file.ts";

const world = liveStackOfFile();

const logger = createLogger({ name: "test", level: "silent" });

const QUERY = `subscription($shop: ID) { orderEvents(shop: $shop) {
  sequence event { ... on OrderShipped { reason order { id version state } } } } }`;

async function member(shop: string, on: LiveStack = world.stack, user = `user-${shop}`) {
  on.viewers.set(user, viewer(user, { [shop]: ["orders.read"] }));
  const client = await connect(on.url);
  await client.init(user);
  return client;
}

interface Shipped {
  readonly order: string;
  readonly version?: number;
  readonly time?: string;
}

/** Orders of a shop are shipped, one event each. */
async function ship(shop: string, shipped: readonly Shipped[], first = 1): Promise<void> {
  const records = shipped.map(({ order, version = 1, ...more }, index) => ({
    key: shop,
    value: envelopeText(shop, first + index, {
      type: "orders.order.shipped.v1",
      subject: order,
      orgid: shop,
      aggregateversion: version,
      data: { orderId: order, reason: "sent" },
      actorkind: "USER",
      actorid: "actor-1",
      ...more,
    }),
  }));
  await world.log.append(TOPIC, records);
}

const fetchesOf = ({ shop }: LiveStack) => [...shop.fetches.values()].reduce((sum, count) => sum + count, 0);

test("an entity that a replica answers older than its event is fetched again until it is not", async () => {
  const client = await member("fresh-1");
  await client.subscribe("a", QUERY, { variables: { shop: "fresh-1" } });
  world.stack.shop.versions.set("late-order", 3);
  world.stack.shop.lag.set("late-order", [1, 2, 2]);
  const before = world.stack.live.counters();
  await ship("fresh-1", [{ order: "late-order", version: 3 }]);
  const [frame] = await client.take("next", "a");
  expect(frame?.payload).toMatchObject({
    data: { orderEvents: { event: { reason: "sent", order: { id: "late-order", version: 3, state: "OPEN" } } } },
  });
  expect(frame?.payload.errors).toBeUndefined();
  expect(JSON.stringify(frame)).not.toContain("_tributary");
  expect(world.stack.live.counters().staleRefetches - before.staleRefetches).toBe(3);
  client.close();
});

test("an entity that stays older than its event is an error, and holds no other key up", async () => {
  const [stale, other] = [await member("fresh-2"), await member("fresh-3")];
  await stale.subscribe("a", QUERY, { variables: { shop: "fresh-2" } });
  await other.subscribe("a", QUERY, { variables: { shop: "fresh-3" } });
  world.stack.shop.versions.set("stuck-order", 4);
  await ship("fresh-2", [{ order: "stuck-order", version: 5 }]);
  await waitFor(() => world.stack.live.counters().eventsIn > 0, { what: "the event" });
  await ship("fresh-3", [{ order: "usual-order" }]);
  await other.take("next", "a");
  expect(stale.of("next", "a")).toHaveLength(0);
  const [frame] = await stale.take("next", "a");
  expect(frame?.payload).toMatchObject({
    data: { orderEvents: { sequence: "1", event: { reason: "sent", order: null } } },
    errors: [
      {
        path: ["orderEvents", "event", "order", "version"],
        extensions: { code: "STALE_READ", status: 503, retryable: true },
      },
    ],
  });
  stale.close();
  other.close();
});

test("an entity that was just created is waited for; one that is gone since long ago is not", async () => {
  const client = await member("fresh-4");
  await client.subscribe("a", QUERY, { variables: { shop: "fresh-4" } });
  world.stack.shop.lag.set("new-order", [0, 0]);
  world.stack.shop.versions.set("gone-order", 0);
  const before = world.stack.live.counters();
  await ship("fresh-4", [{ order: "new-order" }]);
  const [created] = await client.take("next", "a");
  expect(created?.payload.data.orderEvents.event.order).toMatchObject({ version: 1 });
  expect(world.stack.live.counters().staleRefetches - before.staleRefetches).toBe(2);
  await ship("fresh-4", [{ order: "gone-order", version: 2 }], 2);
  const [, deleted] = await client.take("next", "a", 2);
  expect(deleted?.payload.data.orderEvents.event).toMatchObject({ reason: "sent", order: null });
  expect(world.stack.live.counters().staleRefetches - before.staleRefetches).toBe(2);
  client.close();
});

const operation = (number: number) => `subscription Operation${number}($shop: ID) { orderEvents(shop: $shop) {
  kind${number}: type actor { name } event { ... on OrderShipped { order { state buyer { ${number % 2 === 0 ? "name" : "nickname id"} } } } } } }`;

test("fifty operations cost an event as many fetches as one, and events that come together share them", async () => {
  const shop = "many";
  const client = await member(shop);
  for (let number = 0; number < 50; number += 1) {
    await client.subscribe(`${number}`, operation(number), { variables: { shop } });
  }
  const before = { fetches: fetchesOf(world.stack), ...world.stack.live.counters() };
  await ship(shop, [{ order: "order-1" }]);
  const last = await client.take("next", "49");
  await client.take("next", "0");
  expect(last[0]?.payload).toMatchObject({
    data: {
      orderEvents: {
        actor: { name: "name of actor-1" },
        event: { order: { state: "OPEN", buyer: { id: "buyer-of-order-1", nickname: null } } },
      },
    },
  });
  // Who acted, the order, who bought it.
  expect(fetchesOf(world.stack) - before.fetches).toBe(3);
  expect(world.stack.live.counters().enrichmentFetches - before.enrichmentFetches).toBe(3);

  const orders = Array.from({ length: 12 }, (_, index) => ({ order: `together-${index}` }));
  await ship(shop, orders, 2);
  for (let number = 0; number < 50; number += 1) await client.take("next", `${number}`, 13);
  // One read of the log brings them all; under load it may take it two or three.
  expect(fetchesOf(world.stack) - before.fetches).toBeLessThanOrEqual(3 + 3 * 3);
  client.close();
});

test("viewers share fetches when the audience is one, and never otherwise", async () => {
  const shop = "shared";
  const clients = [await member(shop, world.stack, "user-1"), await member(shop, world.stack, "user-2")];
  const perEvent = async (first: number) => {
    const id = `round-${first}`;
    await Promise.all(clients.map((client, index) => client.subscribe(id, operation(index), { variables: { shop } })));
    const before = fetchesOf(world.stack);
    await ship(shop, [{ order: `shared-${first}` }], first);
    await Promise.all(clients.map((client) => client.take("next", id)));
    for (const client of clients) client.send({ id, type: "complete" });
    await waitFor(() => world.stack.live.counters().subscriptions === 0, { what: "no subscriptions" });
    return fetchesOf(world.stack) - before;
  };
  expect(await perEvent(1)).toBe(6);
  const link = LIVE_LINK.replace("filters: [LiveFilter!]! = []", "$& scope: LiveScope! = VIEWER");
  const live = ORDERS_LIVE.replace("filters: [{", "scope: ORGANIZATION, $&");
  world.stack.reload(
    generationOf(composeShop(`${link} enum LiveScope { VIEWER ORGANIZATION } ${live}`), "by organisation"),
  );
  expect(await perEvent(2)).toBe(3);
  for (const client of clients) client.close();
});

test("an event evicts on every gateway within a second, and before it is shown [S36]", async () => {
  const caches = [1, 2].map(() => createMemoryCache({ maxEntries: 100, clock: systemClock }));
  const [quiet, watched] = caches;
  if (quiet === undefined || watched === undefined) throw new Error("two caches");
  const stacks = await Promise.all(
    caches.map((cache) => startLiveStack({ log: world.log, eviction: createEventEviction([cache], logger) })),
  );
  const showing = stacks[1];
  if (showing === undefined) throw new Error("two gateways");
  const read = () => watched.get<string>("order");
  const seen: (string | undefined)[] = [];
  const orders = showing.shop.dataSources["orders"];
  if (orders === undefined) throw new Error("no orders");
  const process = orders.process.bind(orders);
  Object.assign(orders, {
    async process(request) {
      seen.push(await read());
      return process(request);
    },
  } satisfies GraphQLDataSource);

  const client = await member("cached", showing);
  await client.subscribe("a", QUERY, { variables: { shop: "cached" } });
  for (const cache of caches) {
    await cache.set("order", "as it was", { ttlMs: 60_000, tags: ["entity:cached-order:*"] });
    await cache.set("other", "as it is", { ttlMs: 60_000, tags: ["entity:other-order:*"] });
  }
  await ship("cached", [{ order: "cached-order" }]);
  await waitWithin(1_000, async () => (await quiet.get("order")) === undefined, {
    what: "eviction where nobody watches",
  });
  await client.take("next", "a");
  expect(seen).toEqual([undefined]);
  expect(await read()).toBeUndefined();
  expect(await Promise.all(caches.map((cache) => cache.get("other")))).toEqual(["as it is", "as it is"]);
  client.close();
  await Promise.all(stacks.map((one) => one.stop()));
});
