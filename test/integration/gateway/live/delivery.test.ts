// Delivery over real sockets and the Postgres log.
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { createPostgresEventLog } from "../../../../platform/events/postgres-event-log.ts";
import type { EventLog } from "../../../../platform/events/event-log.ts";
import { type EventDatabases, startEventDatabases } from "../../events/event-databases.ts";
import { eventWriter, type LiveStack, startLiveStack, viewer } from "./live-stack.ts";
import { connect } from "./socket-client.ts";

let databases: EventDatabases;
let log: EventLog;
let stack: LiveStack;

beforeAll(async () => {
  databases = await startEventDatabases();
  log = createPostgresEventLog({
    connectionString: databases.eventsUrl,
    logger: createLogger({ name: "log", level: "silent" }),
  });
  await log.start();
  stack = await startLiveStack({ log });
});

afterAll(async () => {
  await stack?.stop();
  await log?.stop();
  await databases?.stop();
});

const QUERY = `subscription Orders($shop: ID, $after: String, $types: [String!]) {
  orderEvents(shop: $shop, after: $after, types: $types) {
    sequence eventId type actor { name }
    event { __typename ... on OrderPlaced { order { id state buyer { name } } price { minor parts { label } } } ... on OrderShipped { reason } }
  }
}`;

async function member(shop: string) {
  const token = `member of ${shop}`;
  stack.viewers.set(token, viewer(`user-${shop}`, { [shop]: ["orders.read"] }));
  const client = await connect(stack.url);
  await client.init(token);
  return client;
}

test("an event reaches a subscriber enriched across subgraphs", async () => {
  const client = await member("shop-1");
  await client.subscribe("a", QUERY, { variables: { shop: "shop-1" } });
  await eventWriter(log, "shop-1").append(1);
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
