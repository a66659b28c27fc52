// A page that cannot be is refused with the path of its field, before anything runs, over every transport and at any
// depth.
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventLogOfFile } from "../../../support/services/event-log-of-file.ts";
import { LIVE_LINK, ORDERS_LIVE } from "../live/shop-graph.ts";
import { parseAnswer, startStandalone } from "../standalone-gateway.ts";
import { askEverywhere, everywhere, type Payload } from "./ask-everywhere.ts";
import { type ScriptedGraph, startScriptedGraph } from "./scripted-graph.ts";
import { SHOP, startWholeGateway, TOKEN, type WholeGateway } from "./whole-gateway.ts";

const SDL = `
  extend schema
    @link(url: "https://tributary.dev/limits/v1.0", import: ["@constraint"]) @composeDirective(name: "@constraint")
  directive @constraint(min: Int!, max: Int!) on ARGUMENT_DEFINITION
  type Query { order: Order free(first: Int, last: Int): [Order] }
  type Mutation { orderCancel: Order }
  type User @key(fields: "id") { id: ID! }
  type Order @key(fields: "id") {
    id: ID!
    lines(first: Int @constraint(min: 1, max: 100), last: Int @constraint(min: 1, max: 100)): LineConnection
      @listSize(slicingArguments: ["first", "last"], sizedFields: ["edges"])
  }
  type LineConnection { edges: [LineEdge!]! }
  type LineEdge { node: Line }
  type Line { order: Order text: String }
`;

const events = eventLogOfFile();
let graph: ScriptedGraph;
let gateway: WholeGateway;

beforeAll(async () => {
  const orders = { sdl: SDL, answer: () => '{"data":{"order":null,"orderCancel":null,"free":[]}}' };
  graph = await startScriptedGraph({ orders }, { orders_live: LIVE_LINK + ORDERS_LIVE });
  gateway = await startWholeGateway(graph.supergraphSdl, events.log);
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await graph?.[Symbol.asyncDispose]();
});

const PLAIN = /, (GraphQL )?JSON$/;
const lines = (args: string, inner = "text") => `lines${args} { edges { node { ${inner} } } }`;
const live = (inner: string) =>
  `subscription${inner.includes("$n") ? " ($n: Int)" : ""} { e: orderEvents(shop: "${SHOP}") { sequence event { ... on OrderPlaced { order { ${inner} } } } } }`;
const EXACTLY_ONE = "`Order.lines` takes exactly one of `first` and `last`, from 1 to 100.";
const bounded = (name: string, value: number) => `\`${name}\` of \`Order.lines\` is 1 to 100: ${value} was given.`;

test.each<[string, Payload, readonly string[], string]>([
  ["a negative page", { query: `{ order { ${lines("(first: -1)")} } }` }, ["order", "lines"], bounded("first", -1)],
  [
    "too large a page, two levels down",
    { query: `{ order { ${lines("(first: 1)", `order { x: ${lines("(last: 101)")} }`)} } }` },
    ["order", "lines", "edges", "node", "order", "x"],
    bounded("last", 101),
  ],
  ["no page", { query: `{ order { ${lines("")} } }` }, ["order", "lines"], EXACTLY_ONE],
  ["two pages", { query: `{ order { ${lines("(first: 1, last: 1)")} } }` }, ["order", "lines"], EXACTLY_ONE],
  [
    "a variable",
    { query: `query ($n: Int) { order { ${lines("(first: $n)")} } }`, variables: { n: 0 } },
    ["order", "lines"],
    bounded("first", 0),
  ],
  [
    "a variable's default",
    { query: `query ($n: Int = 1000) { order { ...F } } fragment F on Order { ${lines("(first: $n)")} }` },
    ["order", "lines"],
    bounded("first", 1_000),
  ],
  [
    "a mutation",
    { query: `mutation { orderCancel { ${lines("(first: 0)")} } }` },
    ["orderCancel", "lines"],
    bounded("first", 0),
  ],
  ["a subscription", { query: live(lines("(first: 0)")) }, ["e", "event", "order", "lines"], bounded("first", 0)],
  [
    "a subscription's variable",
    { query: live(lines("(first: $n)")), variables: { n: 101 } },
    ["e", "event", "order", "lines"],
    bounded("first", 101),
  ],
  ["a subscription without a page", { query: live(lines("")) }, ["e", "event", "order", "lines"], EXACTLY_ONE],
])("%s is refused before anything runs, over every transport", async (_, payload, path, message) => {
  const before = graph.requests.length;
  const asked = Object.entries(await askEverywhere({ url: gateway.url, token: TOKEN }, payload));
  const subscribes = String(payload["query"]).startsWith("subscription");
  const outcomes = Object.fromEntries(asked.filter(([way]) => !subscribes || !PLAIN.test(way)));
  expect(Object.keys(outcomes).length).toBeGreaterThanOrEqual(6);
  expect(outcomes).toEqual(everywhere(outcomes, { kind: "BAD_USER_INPUT", message, path, status: 400 }));
  expect(graph.requests.length).toBe(before);
});

test("the refusal is 400, without data, and says where in the document it is", async () => {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: `{ order { ${lines("(first: 0)")} } }` }),
  });
  const body: unknown = await response.json();
  expect(response.status).toBe(400);
  expect(body).not.toHaveProperty("data");
  expect(body).toMatchObject({
    errors: [
      {
        path: ["order", "lines"],
        locations: [{ line: 1, column: 11 }],
        extensions: { code: "BAD_USER_INPUT", status: 400, retryable: false },
      },
    ],
  });
});

test.each(["(first: -1)", "(first: 0)", "(first: 500)", "(first: 1, last: 1)", ""])(
  "a list that declares nothing of its pages is asked for with %s as it stands",
  async (args) => {
    await using foreign = await startStandalone(graph.supergraphSdl);
    const before = graph.requests.length;
    const { status, body } = await foreign.post({ query: `{ free${args} { id } }` });
    expect([status, body.data]).toEqual([200, { free: [] }]);
    expect(graph.requests.length).toBe(before + 1);
  },
);

test("the same rules hold for a gateway alone, and for the stock executor", async () => {
  for (const EXECUTOR of ["tributary", "apollo"] as const) {
    await using foreign = await startStandalone(graph.supergraphSdl, { EXECUTOR });
    const { status, body } = await foreign.post({ query: `{ order { ${lines("(last: 0)")} } }` });
    expect([status, body.errors?.[0]?.message]).toEqual([400, bounded("last", 0)]);
    const good = await foreign.post({ query: `{ order { ${lines("(last: 1)")} } }` });
    expect(parseAnswer(JSON.stringify(good.body)).data).toEqual({ order: null });
  }
});
