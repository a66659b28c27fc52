// What cannot be fetched correctly is refused by one code over every transport, queries and live operations alike.
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventLogOfFile } from "../../../support/services/event-log-of-file.ts";
import { eventWriter } from "../live/live-stack.ts";
import { LIVE_LINK, ORDERS_LIVE } from "../live/shop-graph.ts";
import { connect } from "../live/socket-client.ts";
import { askEverywhere, everywhere } from "./ask-everywhere.ts";
import { type ScriptedGraph, startScriptedGraph } from "./scripted-graph.ts";
import { SHOP, startWholeGateway, TOKEN, type WholeGateway } from "./whole-gateway.ts";

/** A node's `field` is known where nobody can ask for a node. */
const NODES = `type Query { node: Node } interface Node @key(fields: "id") { id: ID! }
  type Order @key(fields: "id") { id: ID! } type User @key(fields: "id") { id: ID! node: Node }`;
const FIELDS = `type Query { other: Node }
  type Node @key(fields: "id", resolvable: false) @interfaceObject { id: ID! field: String }`;

const events = eventLogOfFile();
let graph: ScriptedGraph;
let gateway: WholeGateway;

beforeAll(async () => {
  graph = await startScriptedGraph(
    {
      nodes: {
        sdl: NODES,
        answer: () =>
          '{"data":{"_entities":[{"node":{"__typename":"Node","id":"n"}}],"node":{"__typename":"Node","id":"n"}}}',
      },
      fields: { sdl: FIELDS, answer: () => '{"data":{}}' },
    },
    { orders_live: LIVE_LINK + ORDERS_LIVE },
  );
  gateway = await startWholeGateway(graph.supergraphSdl, events.log);
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await graph?.[Symbol.asyncDispose]();
});

const live = (selection: string, conditions = "") =>
  `subscription${conditions} { orderEvents(shop: "${SHOP}") { actor { node { ${selection} } } } }`;

/** Plain JSON carries no subscription. */
const PLAIN = /, (GraphQL )?JSON$/;

test.each([
  ["a query", "{ node { field } }", "Query.node"],
  ["a live operation", live("field"), "Subscription.orderEvents"],
  [
    "a live operation under the conditions that hold",
    live("field @include(if: $with) id @skip(if: $with)", "($with: Boolean = true)"),
    "Subscription.orderEvents",
  ],
])("%s that cannot be planned is refused over every transport, by the names of its fields", async (_, query, field) => {
  graph.requests.length = 0;
  const asked = Object.entries(await askEverywhere({ url: gateway.url, token: TOKEN }, { query }));
  const fit = asked.filter(([way]) => !query.startsWith("subscription") || !PLAIN.test(way));
  const outcomes = Object.fromEntries(fit);
  expect(fit.length).toBeGreaterThanOrEqual(7);
  const message = expect.stringMatching(new RegExp(`answered rightly: .*${field.replace(".", "\\.")}`));
  expect(outcomes).toEqual(everywhere(outcomes, { kind: "QUERY_PLAN_UNSUPPORTED", status: 400, message }));
  // Before anything is asked.
  expect(graph.requests).toEqual([]);
});

test("the same live operation is followed under conditions that leave out what cannot be planned", async () => {
  const client = await connect(`${gateway.url.replace("http", "ws")}/graphql`);
  await client.init(TOKEN);
  const query = live("field @include(if: $with) id @skip(if: $with)", "($with: Boolean = true)");
  await client.subscribe("a", query, { variables: { with: false } });
  expect(client.of("error", "a")).toEqual([]);
  await eventWriter(events.log, SHOP).append(1);
  const [next] = await client.take("next", "a");
  expect(next?.payload).toMatchObject({ data: { orderEvents: { actor: { node: { id: "n" } } } } });
  // The refusal of one subscription leaves the socket and its other ones alone.
  await client.subscribe("b", query);
  const [refused] = await client.take("error", "b");
  expect(refused?.payload).toMatchObject([{ extensions: { code: "QUERY_PLAN_UNSUPPORTED", status: 400 } }]);
  client.close();
});
