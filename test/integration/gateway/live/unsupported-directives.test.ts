// `@defer` and `@stream` are refused by name on every transport, whether or not the schema defines them.
import { expect, test } from "vitest";
import { startInventedGraph } from "../invented-graph.ts";
import { startStandalone } from "../standalone-gateway.ts";
import { orderStreams } from "./order-streams.ts";
import { connect } from "./socket-client.ts";
import { streamStackOfFile } from "./stack-of-file.ts";
import { read } from "./stream-stack.ts";

const world = streamStackOfFile();
const { member } = orderStreams(world);

const REFUSED = { code: "DIRECTIVE_UNSUPPORTED", status: 400, retryable: false };
const DEFINITIONS = `
  directive @defer(label: String, if: Boolean! = true) on FRAGMENT_SPREAD | INLINE_FRAGMENT
  directive @stream(label: String, if: Boolean! = true, initialCount: Int = 0) on FIELD
`;

const subscription = (directive: string) =>
  `subscription { orderEvents(shop: "any") { sequence ... ${directive} { type } } }`;
const query = (directive: string) => `{ orders { id ... ${directive} { id } } }`;

test.each([
  ["does not define", ""],
  ["defines", DEFINITIONS],
])("over HTTP both are refused with 400 where the schema %s them", async (_, definitions) => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(`${graph.supergraphSdl}${definitions}`);
  const requests = [
    ["@defer", "{ topProducts { name ... @defer { price } } }"],
    ["@stream", "{ topProducts @stream(initialCount: 1) { name } }"],
    ["@defer", "mutation { rename(upc: 1, name: null) { ... @defer(if: false) { name } } }"],
  ] as const;
  for (const [directive, text] of requests) {
    const accept = "multipart/mixed;deferSpec=20220824, application/json";
    const { status, body } = await gateway.post({ query: text }, { accept });
    expect(status).toBe(400);
    expect(body.data).toBeUndefined();
    expect(body.errors).toHaveLength(1);
    expect(body.errors?.[0]).toMatchObject({ message: expect.stringContaining(directive), extensions: REFUSED });
  }
  expect(graph.products.requests).toEqual([]);
});

test.each(["sse", "multipart"] as const)("over %s both are refused on the stream, and nothing runs", async (format) => {
  for (const [directive, text] of [
    ["@defer", subscription("@defer")],
    ["@defer", query("@defer")],
  ] as const) {
    const reader = await read(world.stack.url, { query: text, token: member("any"), format });
    await reader.whenEnded();
    expect(reader.text).toContain(`${directive} on an inline fragment, line 1 is not supported`);
    expect(reader.text).toContain('"code":"DIRECTIVE_UNSUPPORTED"');
    expect(reader.text).not.toContain('"data"');
  }
});

test("over WebSocket both end the operation alone", async () => {
  const client = await connect(world.stack.live.url);
  await client.init(member("any"));
  client.send({ id: "query", type: "subscribe", payload: { query: query("@defer") } });
  client.send({ id: "live", type: "subscribe", payload: { query: subscription("@stream") } });
  for (const [id, directive] of [
    ["query", "@defer"],
    ["live", "@stream"],
  ] as const) {
    const [refused] = await client.take("error", id);
    expect(refused?.payload[0]).toMatchObject({ message: expect.stringContaining(directive), extensions: REFUSED });
  }
  client.send({ id: "whole", type: "subscribe", payload: { query: "{ orders { id } }" } });
  await client.take("complete", "whole");
  client.close();
});
