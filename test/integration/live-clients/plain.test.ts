// Clients that know nothing of cursors: they subscribe and follow, they only cannot resume.
import { ApolloClient, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { parse } from "graphql";
import { type Client, createClient } from "graphql-ws";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EventLog } from "../../../platform/events/event-log.ts";
import { createPostgresEventLog } from "../../../platform/events/postgres-event-log.ts";
import { createLogger } from "../../../platform/logger/logger.ts";
import { waitFor } from "../../support/wait.ts";
import { type EventDatabases, startEventDatabases } from "../events/event-databases.ts";
import { eventWriter, type LiveStack, startLiveStack, viewer } from "../gateway/live/live-stack.ts";
import { ORDERS } from "./followers.ts";

let databases: EventDatabases;
let log: EventLog;
let stack: LiveStack;
const clients: Client[] = [];

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
  for (const client of clients) client.terminate();
  await stack?.stop();
  await log?.stop();
  await databases?.stop();
});

/** The first ping comes when the subscription was accepted. */
function connect(shop: string) {
  stack.viewers.set(shop, viewer(`user-${shop}`, { [shop]: ["orders.read"] }));
  let pings = 0;
  const client = createClient({
    url: stack.url,
    connectionParams: { Authorization: `Bearer ${shop}` },
    on: {
      ping() {
        pings += 1;
      },
    },
  });
  clients.push(client);
  return { client, accepted: () => waitFor(() => pings > 0, { what: "the first ping" }) };
}

test("Apollo Client with its own graphql-ws link follows a live field", async () => {
  const { client, accepted } = connect("plain-apollo");
  const apollo = new ApolloClient({ link: new GraphQLWsLink(client), cache: new InMemoryCache() });
  const seen: unknown[] = [];
  const subscription = apollo
    .subscribe({ query: parse(ORDERS), variables: { shop: "plain-apollo" } })
    .subscribe(({ data }) => void seen.push(data));
  await accepted();
  await eventWriter(log, "plain-apollo").append(2);
  await waitFor(() => seen.length === 2, { what: "two events" });
  expect(seen).toMatchObject([{ orderEvents: { sequence: "1" } }, { orderEvents: { sequence: "2" } }]);
  subscription.unsubscribe();
});

test("a bare graphql-ws client, as GraphiQL and Apollo Sandbox have one, follows a live field", async () => {
  const { client, accepted } = connect("plain-ws");
  const results = client.iterate({ query: ORDERS, variables: { shop: "plain-ws" } });
  const first = results.next();
  await accepted();
  await eventWriter(log, "plain-ws").append(1);
  expect((await first).value).toMatchObject({ data: { orderEvents: { sequence: "1" } } });
  await results.return?.();
});
