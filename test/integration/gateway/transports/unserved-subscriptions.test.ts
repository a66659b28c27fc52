// A subscription that the graph declares and nobody serves is refused alike over every transport, beside live fields
// and where there are none.
import type { IncomingHttpHeaders } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventLogOfFile } from "../../../support/services/event-log-of-file.ts";
import { waitFor } from "../../../support/wait.ts";
import { LIVE_LINK, ORDERS_LIVE } from "../live/shop-graph.ts";
import { connect } from "../live/socket-client.ts";
import { startStandalone } from "../standalone-gateway.ts";
import { askEverywhere, everywhere, JSON_TYPE, MULTIPART, SSE } from "./ask-everywhere.ts";
import { type ScriptedGraph, startScriptedGraph } from "./scripted-graph.ts";
import { startWholeGateway, TOKEN } from "./whole-gateway.ts";

const events = eventLogOfFile();
const NEWS = `type Query { price: Int seen: String } type Subscription { prices(of: [ID!]): Int! }
  type Order @key(fields: "id") { id: ID! } type User @key(fields: "id") { id: ID! }`;

let graph: ScriptedGraph;
let gateways: Readonly<Record<string, { readonly url: string; readonly token?: string } & AsyncDisposable>>;

beforeAll(async () => {
  const news = {
    sdl: NEWS,
    answer: (_: string, { authorization }: IncomingHttpHeaders) =>
      JSON.stringify({ data: { price: 1, seen: authorization ?? null } }),
  };
  graph = await startScriptedGraph({ news }, { orders_live: LIVE_LINK + ORDERS_LIVE });
  gateways = {
    // Its live field is served by nobody either: there are no events.
    standalone: await startStandalone(graph.supergraphSdl, { FORWARD_HEADERS: ["authorization"] }),
    platform: Object.assign(await startWholeGateway(graph.supergraphSdl, events.log), { token: TOKEN }),
  };
});
afterAll(async () => {
  for (const gateway of Object.values(gateways ?? {})) await gateway[Symbol.asyncDispose]();
  await graph?.[Symbol.asyncDispose]();
});

function gatewayOf(kind: string) {
  const gateway = gateways[kind];
  if (gateway === undefined) throw new Error(`there is no ${kind} gateway`);
  return gateway;
}

const PRICES = "subscription Prices { prices }";
const BEHIND_FRAGMENTS = "subscription Prices { ...All } fragment All on Subscription { ... { p: prices(of: [1]) } }";
const ORDERS = 'subscription Orders { orderEvents(shop: "shop-1") { sequence } }';

describe.each([
  ["standalone", "prices", PRICES],
  ["standalone", "prices", BEHIND_FRAGMENTS],
  ["standalone", "orderEvents", ORDERS],
  ["platform", "prices", PRICES],
  ["platform", "prices", BEHIND_FRAGMENTS],
])("a %s gateway that does not serve Subscription.%s", (kind, field, query) => {
  test(`refuses it by one code over every transport: ${query}`, async () => {
    const outcomes = await askEverywhere(gatewayOf(kind), { query });
    // A socket, and five formats by POST and by GET.
    expect(Object.keys(outcomes)).toHaveLength(11);
    const message = expect.stringMatching(new RegExp(`Subscription\\.${field}: query .* or subscribe at`));
    expect(outcomes).toEqual(everywhere(outcomes, { kind: "SUBSCRIPTION_NOT_SUPPORTED", status: 400, message }));
  });
});

test.each(["standalone", "platform"])("the status of a %s gateway's plain answer is 400", async (kind) => {
  const { url, token = "" } = gatewayOf(kind);
  const authorized = token === "" ? {} : { authorization: `Bearer ${token}` };
  for (const accept of [JSON_TYPE, "application/graphql-response+json"]) {
    const headers = { accept, "content-type": JSON_TYPE, ...authorized };
    const posted = await fetch(`${url}/graphql`, { method: "POST", headers, body: JSON.stringify({ query: PRICES }) });
    expect(posted.status).toBe(400);
    const asked = await fetch(`${url}/graphql?${new URLSearchParams({ query: PRICES })}`, {
      headers: { accept, "apollo-require-preflight": "1", ...authorized },
    });
    expect(asked.status).toBe(400);
  }
});

test.each(["standalone", "platform"])("a %s gateway's stream ends behind the refusal", async (kind) => {
  const { url, token } = gatewayOf(kind);
  const authorized = token === undefined ? {} : { authorization: `Bearer ${token}` };
  for (const [accept, ending] of [
    [SSE, "event: complete\ndata:\n\n"],
    [MULTIPART, "--graphql--\r\n"],
  ] as const) {
    const headers = { accept, "content-type": JSON_TYPE, ...authorized };
    const body = JSON.stringify({ query: PRICES });
    const response = await fetch(`${url}/graphql`, { method: "POST", headers, body });
    const text = await response.text();
    expect(text).toContain('"SUBSCRIPTION_NOT_SUPPORTED"');
    expect(text.endsWith(ending)).toBe(true);
  }
});

test("a socket of a standalone gateway goes on behind the refusal, and carries queries", async () => {
  const client = await connect(`${gatewayOf("standalone").url.replace("http", "ws")}/graphql`);
  await client.init();
  client.send({ id: "a", type: "subscribe", payload: { query: PRICES } });
  await client.take("error", "a");
  client.send({ id: "b", type: "subscribe", payload: { query: "{ price }" } });
  const [next] = await client.take("next", "b");
  expect(next?.payload).toMatchObject({ data: { price: 1 } });
  await client.take("complete", "b");
  client.close();
});

test.each([
  ["its upgrade request", { headers: { authorization: "Basic dTpw" } }, {}],
  ["connection_init", {}, { Authorization: "Basic dTpw" }],
  ["the headers of connection_init", {}, { headers: { authorization: "Basic dTpw" } }],
  [
    "connection_init before its upgrade request",
    { headers: { authorization: "old" } },
    { authorization: "Basic dTpw" },
  ],
])("headers that a standalone gateway forwards are taken from %s", async (_, options, payload) => {
  const client = await connect(`${gatewayOf("standalone").url.replace("http", "ws")}/graphql`, options);
  client.send({ type: "connection_init", payload });
  await waitFor(() => client.messages.some(({ type }) => type === "connection_ack"), { what: "connection_ack" });
  client.send({ id: "a", type: "subscribe", payload: { query: "{ seen }" } });
  const [next] = await client.take("next", "a");
  expect(next?.payload).toMatchObject({ data: { seen: "Basic dTpw" } });
  client.close();
});

test("an operation that is wrong is told so first, over every transport", async () => {
  for (const [kind, query] of [
    ["GRAPHQL_VALIDATION_FAILED", "subscription { nothing }"],
    ["GRAPHQL_VALIDATION_FAILED", "subscription { prices more: prices }"],
    ["GRAPHQL_VALIDATION_FAILED", "subscription { prices @skip(if: false) }"],
    ["GRAPHQL_VALIDATION_FAILED", "subscription ($no: Boolean = false) { ... @include(if: $no) { prices } }"],
    ["GRAPHQL_VALIDATION_FAILED", "subscription { ...A } fragment A on Subscription { ...A prices }"],
    ["DIRECTIVE_UNSUPPORTED", "subscription { ... @defer { prices } }"],
  ] as const) {
    const outcomes = await askEverywhere(gatewayOf("standalone"), { query });
    const kinds = Object.fromEntries(Object.entries(outcomes).map(([way, outcome]) => [way, outcome.kind]));
    expect(kinds).toEqual(everywhere(kinds, kind));
  }
});

test("a standalone gateway whose clients authenticate by a scheme of its subgraphs' answers streams as well", async () => {
  const headers = { accept: SSE, "content-type": JSON_TYPE, authorization: "Basic dTpw" };
  const { url } = gatewayOf("standalone");
  const body = JSON.stringify({ query: "{ price }" });
  const response = await fetch(`${url}/graphql`, { method: "POST", headers, body });
  expect(await response.text()).toContain('data: {"data":{"price":1}');
});

test("a socket of a standalone gateway ends with the gateway", async () => {
  const gateway = await startStandalone(graph.supergraphSdl);
  const client = await connect(`${gateway.url.replace("http", "ws")}/graphql`);
  await client.init();
  const [closed] = await Promise.all([client.closed(), gateway[Symbol.asyncDispose]()]);
  expect(closed.code).toBe(1012);
  await waitFor(() => client.socket.readyState === client.socket.CLOSED, { what: "the socket to be gone" });
});
