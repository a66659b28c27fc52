// What a client sends means the same over every transport: each odd value of each parameter, by each way to send it.
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventLogOfFile } from "../../../support/services/event-log-of-file.ts";
import { LIVE_LINK, ORDERS_LIVE } from "../live/shop-graph.ts";
import { askEverywhere, everywhere, JSON_TYPE, MULTIPART, type Payload, SSE } from "./ask-everywhere.ts";
import { type ScriptedGraph, startScriptedGraph } from "./scripted-graph.ts";
import { SHOP, startWholeGateway, TOKEN, type WholeGateway } from "./whole-gateway.ts";

const events = eventLogOfFile();
let graph: ScriptedGraph;
let gateway: WholeGateway;

beforeAll(async () => {
  const sdl =
    'type Query { things(n: Int): Int } type Order @key(fields: "id") { id: ID! } type User @key(fields: "id") { id: ID! }';
  const things = { sdl, answer: () => '{"data":{"things":1}}' };
  graph = await startScriptedGraph({ things }, { orders_live: LIVE_LINK + ORDERS_LIVE });
  gateway = await startWholeGateway(graph.supergraphSdl, events.log);
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await graph?.[Symbol.asyncDispose]();
});

const QUERY = "query Things($n: Int) { things(n: $n) }";
const TWO = `${QUERY} query Others { __typename }`;
const EVENTS = `subscription Events($after: String) { orderEvents(shop: "${SHOP}", after: $after) { sequence } }`;

const PLAIN = /, (GraphQL )?JSON$/;
const persisted = (value: unknown) => ({ persistedQuery: value });
const tributary = (value: unknown) => ({ tributary: value });

test.each<[string, Payload, string]>([
  ["no operation name", { query: QUERY }, "answered"],
  ["an operation name that is null", { query: QUERY, operationName: null }, "answered"],
  ["an empty operation name", { query: QUERY, operationName: "" }, "answered"],
  ["an empty operation name for two operations", { query: TWO, operationName: "" }, "OPERATION_RESOLUTION_FAILURE"],
  ["the name of one of two operations", { query: TWO, operationName: "Others" }, "answered"],
  ["an unknown operation name", { query: QUERY, operationName: "Other" }, "OPERATION_RESOLUTION_FAILURE"],
  ["a blank operation name", { query: QUERY, operationName: " " }, "OPERATION_RESOLUTION_FAILURE"],
  ["an operation name that is a number", { query: QUERY, operationName: 7 }, "BAD_REQUEST"],
  ["an operation name that is a list", { query: QUERY, operationName: ["Orders"] }, "BAD_REQUEST"],
  ["an operation name that is an object", { query: QUERY, operationName: {} }, "BAD_REQUEST"],
  ["an operation name that is false", { query: QUERY, operationName: false }, "BAD_REQUEST"],
  ["variables that are null", { query: QUERY, variables: null }, "answered"],
  ["variables that are empty", { query: QUERY, variables: {} }, "answered"],
  ["variables that nobody declared", { query: QUERY, variables: { other: 1 } }, "answered"],
  ["variables that are an empty text", { query: QUERY, variables: "" }, "answered"],
  ["variables that are a text", { query: QUERY, variables: '{"n":1}' }, "BAD_REQUEST"],
  ["variables that are a list", { query: QUERY, variables: [1] }, "BAD_REQUEST"],
  ["variables that are a number", { query: QUERY, variables: 7 }, "BAD_REQUEST"],
  ["variables that are false", { query: QUERY, variables: false }, "BAD_REQUEST"],
  ["extensions that are null", { query: QUERY, extensions: null }, "answered"],
  ["extensions that are empty", { query: QUERY, extensions: {} }, "answered"],
  ["extensions that are an empty text", { query: QUERY, extensions: "" }, "answered"],
  ["extensions that are a text", { query: QUERY, extensions: "{}" }, "BAD_REQUEST"],
  ["extensions that are a list", { query: QUERY, extensions: [] }, "BAD_REQUEST"],
  ["extensions that are a number", { query: QUERY, extensions: 0 }, "BAD_REQUEST"],
  ["a persisted query that is null", { query: QUERY, extensions: persisted(null) }, "answered"],
  ["a persisted query that is a text", { query: QUERY, extensions: persisted("x") }, "BAD_REQUEST"],
  ["a document id that is null", { query: QUERY, documentId: null }, "answered"],
  ["an empty document id", { query: QUERY, documentId: "" }, "answered"],
  ["a document id that is a number", { query: QUERY, documentId: 7 }, "BAD_REQUEST"],
  ["parameters that nobody knows", { query: QUERY, id: "7", onError: "HALT" }, "answered"],
  ["no document", { variables: {} }, "BAD_REQUEST"],
  ["an empty document", { query: "" }, "BAD_REQUEST"],
  ["a document that is null", { query: null }, "BAD_REQUEST"],
  ["a document that is a number", { query: 7 }, "BAD_REQUEST"],
  ["a document that is a list", { query: [QUERY] }, "BAD_REQUEST"],
  ["a document that does not parse", { query: "{" }, "GRAPHQL_PARSE_FAILED"],
  ["a subscription with no more", { query: EVENTS }, "answered"],
  ["a subscription with an empty name", { query: EVENTS, operationName: "" }, "answered"],
  ["a subscription with variables that are null", { query: EVENTS, variables: null }, "answered"],
  ["a subscription with variables that are a text", { query: EVENTS, variables: "{}" }, "BAD_REQUEST"],
  ["a resume that is null", { query: EVENTS, extensions: tributary({ resume: null }) }, "answered"],
  ["a tributary that is null", { query: EVENTS, extensions: tributary(null) }, "answered"],
  ["a tributary that is a list", { query: EVENTS, extensions: tributary([]) }, "answered"],
  ["an empty resume", { query: EVENTS, extensions: tributary({ resume: "" }) }, "RESYNC_REQUIRED"],
  ["a resume that is a number", { query: EVENTS, extensions: tributary({ resume: 7 }) }, "RESYNC_REQUIRED"],
  ["a resume that is a list", { query: EVENTS, extensions: tributary({ resume: [] }) }, "RESYNC_REQUIRED"],
  ["an `after` that is null", { query: EVENTS, variables: { after: null } }, "answered"],
  ["an empty `after`", { query: EVENTS, variables: { after: "" } }, "RESYNC_REQUIRED"],
  ["an `after` that is a number", { query: EVENTS, variables: { after: 7 } }, "BAD_USER_INPUT"],
  [
    "an `after` and a resume that are null",
    { query: EVENTS, variables: { after: null }, extensions: tributary({ resume: null }) },
    "answered",
  ],
])("%s fares alike over every transport", async (_, payload, expected) => {
  const asked = Object.entries(await askEverywhere({ url: gateway.url, token: TOKEN }, payload));
  // Plain JSON cannot carry a subscription, however well-formed.
  const fit = asked.filter(([way]) => payload["query"] !== EVENTS || !PLAIN.test(way));
  const outcomes = Object.fromEntries(fit.map(([way, { kind }]) => [way, kind]));
  expect(fit.length).toBeGreaterThanOrEqual(4);
  expect(outcomes).toEqual(everywhere(outcomes, expected));
});

test.each(["query", "operationName", "variables", "extensions", "documentId"])(
  "an address that names `%s` twice is refused, whatever is accepted",
  async (name) => {
    for (const accept of [JSON_TYPE, SSE, MULTIPART]) {
      const search = name === "query" ? "" : `query=${encodeURIComponent(QUERY)}&`;
      const response = await fetch(`${gateway.url}/graphql?${search}${name}=&${name}=`, {
        headers: { accept, "apollo-require-preflight": "1" },
      });
      expect(response.status).toBe(400);
      expect(await response.text()).toContain(`Give \`${name}\` at most once.`);
    }
  },
);

test("a reader of events learns why its request is malformed, not that a foreign page might have sent it", async () => {
  const search = new URLSearchParams({ query: EVENTS, extensions: "[]" });
  const own = await fetch(`${gateway.url}/graphql?${search}`, { headers: { accept: SSE } });
  expect(own.status).toBe(400);
  expect(await own.text()).toContain("`extensions` must be a JSON object.");
  const foreign = await fetch(`${gateway.url}/graphql?${search}`, {
    headers: { accept: SSE, origin: "https://evil.example" },
  });
  expect(foreign.status).toBe(403);
});
