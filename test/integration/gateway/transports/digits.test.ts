// Numbers that a double would change arrive at subgraphs as a client wrote them, over every transport, and come back
// the same.
import { afterAll, beforeAll, expect, test } from "vitest";
import { LosslessNumber } from "../../../../gateway/transport/lossless-number.ts";
import { eventLogOfFile } from "../../../support/services/event-log-of-file.ts";
import { waitFor } from "../../../support/wait.ts";
import { LIVE_LINK, ORDERS_LIVE } from "../live/shop-graph.ts";
import { connect } from "../live/socket-client.ts";
import { askEverywhere, everywhere, MULTIPART, SSE } from "./ask-everywhere.ts";
import { type ScriptedGraph, startScriptedGraph } from "./scripted-graph.ts";
import { startWholeGateway, TOKEN, type WholeGateway } from "./whole-gateway.ts";

const NUMBERS = ["9007199254740993", "0.1000000000000000055", "1e400", "-0", "1.0"];
const SDL = `scalar Long scalar JSON type Query { echo(long: Long, json: JSON): Long }
  type Order @key(fields: "id") { id: ID! } type User @key(fields: "id") { id: ID! }`;

const events = eventLogOfFile();
let graph: ScriptedGraph;
let gateway: WholeGateway;
let answer: string;

beforeAll(async () => {
  graph = await startScriptedGraph(
    { echoes: { sdl: SDL, answer: () => answer } },
    { orders_live: LIVE_LINK + ORDERS_LIVE },
  );
  gateway = await startWholeGateway(graph.supergraphSdl, events.log);
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await graph?.[Symbol.asyncDispose]();
});

const QUERY = "query ($l: Long, $j: JSON) { echo(long: $l, json: $j) }";

test.each(NUMBERS)("%s in variables reaches the subgraph over every transport [S23]", async (number) => {
  answer = '{"data":{"echo":1}}';
  graph.requests.length = 0;
  const value = new LosslessNumber(number);
  const payload = { query: QUERY, variables: { l: value, j: { a: [value] } } };
  const outcomes = await askEverywhere({ url: gateway.url, token: TOKEN }, payload);
  expect(outcomes).toEqual(everywhere(outcomes, { kind: "answered" }));
  // Equal questions at the same time are asked once.
  expect(graph.requests.length).toBeGreaterThan(0);
  for (const request of graph.requests) {
    const variables = /"variables":(.*?)(?:,"operationName":"\w+")?\}$/.exec(request)?.[1];
    expect(variables?.match(/-?\d[\d.eE+-]*(?=[,}\]])/g)).toEqual([number, number]);
  }
});

test.each(NUMBERS)("%s in an answer reaches the client over every transport [S23]", async (number) => {
  answer = `{"data":{"echo":${number}}}`;
  const query = "{ echo }";
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  for (const accept of ["application/json", "application/graphql-response+json", SSE, MULTIPART]) {
    const request = { method: "POST", headers: { ...headers, accept }, body: JSON.stringify({ query }) };
    expect(await (await fetch(`${gateway.url}/graphql`, request)).text()).toContain(`"data":{"echo":${number}}`);
  }
  const client = await connect(`${gateway.url.replace("http", "ws")}/graphql`);
  const texts: string[] = [];
  client.socket.on("message", (data) => void texts.push(String(data)));
  await client.init(TOKEN);
  client.send({ id: "a", type: "subscribe", payload: { query } });
  await waitFor(() => texts.some((text) => text.includes(`"data":{"echo":${number}}`)), { what: "the answer" });
  client.close();
});
