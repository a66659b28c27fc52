// Clients that know nothing of cursors: they subscribe and follow, they only cannot resume.
import { ApolloClient, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { parse } from "graphql";
import { type Client, createClient } from "graphql-ws";
import { afterAll, expect, test } from "vitest";
import { waitFor } from "../../support/wait.ts";
import { eventWriter, viewer } from "../gateway/live/live-stack.ts";
import { liveStackOfFile } from "../gateway/live/stack-of-file.ts";
import { ORDERS } from "./followers.ts";

const world = liveStackOfFile();
const clients: Client[] = [];

afterAll(async () => {
  for (const client of clients) client.terminate();
});

/** The first ping comes when the subscription was accepted. */
function connect(shop: string) {
  world.stack.viewers.set(shop, viewer(`user-${shop}`, { [shop]: ["orders.read"] }));
  let pings = 0;
  const client = createClient({
    url: world.stack.url,
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
  await eventWriter(world.log, "plain-apollo").append(2);
  await waitFor(() => seen.length === 2, { what: "two events" });
  expect(seen).toMatchObject([{ orderEvents: { sequence: "1" } }, { orderEvents: { sequence: "2" } }]);
  subscription.unsubscribe();
});

test("a bare graphql-ws client, as GraphiQL and Apollo Sandbox have one, follows a live field", async () => {
  const { client, accepted } = connect("plain-ws");
  const results = client.iterate({ query: ORDERS, variables: { shop: "plain-ws" } });
  const first = results.next();
  await accepted();
  await eventWriter(world.log, "plain-ws").append(1);
  expect((await first).value).toMatchObject({ data: { orderEvents: { sequence: "1" } } });
  await results.return?.();
});
