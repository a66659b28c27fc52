// A condition that is given null is refused on every transport before anything runs: it neither holds nor does not.
import { expect, test } from "vitest";
import { anonymousContext } from "../../../support/anonymous-context.ts";
import { startInventedGraph } from "../invented-graph.ts";
import { parseAnswer, startStandalone } from "../standalone-gateway.ts";
import { orderStreams } from "./order-streams.ts";
import { connect } from "./socket-client.ts";
import { streamStackOfFile } from "./stack-of-file.ts";
import { read } from "./stream-stack.ts";

const world = streamStackOfFile();
const { member } = orderStreams(world);

const MESSAGE = 'Variable "$b" must not be null: "@include(if: $b)" needs true or false.';
const REFUSED = { message: MESSAGE, extensions: { code: "BAD_USER_INPUT", status: 400 } };

const QUERIES = [
  "query ($b: Boolean = true) { topProducts { name ... @include(if: $b) { price } } }",
  "query ($b: Boolean = true) { ...F } fragment F on Query { topProducts { ...P } } fragment P on Product { name @include(if: $b) }",
  "query ($b: Boolean = false) { __typename @include(if: $b) }",
];

test.each(QUERIES)("a query by POST, by GET and from within is refused with 400: %s [S23]", async (query) => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl);
  const posted = await gateway.post({ query, variables: { b: null } });
  expect(posted).toMatchObject({ status: 400, body: { errors: [REFUSED] } });
  expect(posted.body.data).toBeUndefined();

  const search = new URLSearchParams({ query, variables: '{"b":null}' });
  const got = await fetch(`${gateway.url}/graphql?${search}`, { headers: { "apollo-require-preflight": "1" } });
  expect(got.status).toBe(400);
  expect(parseAnswer(await got.text())).toMatchObject({ errors: [REFUSED] });

  const executed = await gateway.executor.execute({ query, variables: { b: null }, context: anonymousContext() });
  expect(executed).toMatchObject({ errors: [REFUSED] });
  expect(graph.products.requests).toEqual([]);

  expect((await gateway.post({ query, variables: {} })).body.errors).toBeUndefined();
  expect((await gateway.post({ query, variables: { b: true } })).body.errors).toBeUndefined();
});

const SUBSCRIPTION = `subscription ($b: Boolean = true) { orderEvents(shop: "any") { sequence ...M } }
  fragment M on OrderMessage { type @include(if: $b) }`;
const variables = { b: null };

test.each(["sse", "multipart"] as const)("a subscription over %s is refused on the stream [S23]", async (format) => {
  const reader = await read(world.stack.url, { query: SUBSCRIPTION, variables, token: member("any"), format });
  await reader.whenEnded();
  expect(reader.text).toContain(JSON.stringify(MESSAGE));
  expect(reader.text).toContain('"code":"BAD_USER_INPUT"');
  expect(reader.text).not.toContain('"data":{');
});

test("a subscription over WebSocket ends alone, and so does one whose argument is given null [S23]", async () => {
  const client = await connect(world.stack.live.url);
  await client.init(member("any"));
  client.send({ id: "condition", type: "subscribe", payload: { query: SUBSCRIPTION, variables } });
  const [condition] = await client.take("error", "condition");
  expect(condition?.payload[0]).toMatchObject(REFUSED);

  const keyed = 'subscription ($b: ID = "any") { stockEvents(shop: $b) { sequence } }';
  client.send({ id: "argument", type: "subscribe", payload: { query: keyed, variables } });
  const [argument] = await client.take("error", "argument");
  expect(argument?.payload[0]).toMatchObject({ extensions: { code: "BAD_USER_INPUT", status: 400 } });
  client.close();
});
