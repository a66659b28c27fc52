// Streams behind a proxy that compresses: an event arrives while the stream is open.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CompressingProxy, startCompressingProxy } from "../../../support/compressing-proxy.ts";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter } from "./live-stack.ts";
import { orderStreams, QUERY } from "./order-streams.ts";
import { streamStackOfFile } from "./stack-of-file.ts";
import { read } from "./stream-stack.ts";

const world = streamStackOfFile();
const { member } = orderStreams(world);
let proxy: CompressingProxy;

beforeAll(async () => {
  proxy = await startCompressingProxy(new URL(world.stack.url).origin);
});
afterAll(() => proxy?.[Symbol.asyncDispose]());

const CODINGS = ["gzip", "br", "deflate", "gzip, deflate, br, zstd", "identity"];

test.each(CODINGS)(
  "events pass a proxy that may send %s, over both formats, by POST and by GET [S10]",
  async (coding) => {
    for (const format of ["sse", "multipart"] as const) {
      for (const get of [false, true]) {
        const shop = `proxy-${CODINGS.indexOf(coding)}-${format}-${get}`;
        const headers = { "accept-encoding": coding };
        const reader = await read(`${proxy.url}/graphql`, {
          query: QUERY,
          variables: { shop },
          token: member(shop),
          format,
          get,
          headers,
        });
        await waitFor(() => reader.lastId !== undefined, { what: "the start of the stream" });
        expect(reader.response.headers.get("cache-control")).toBe("no-cache, no-store, no-transform");
        expect(reader.response.headers.get("x-accel-buffering")).toBe("no");
        expect(reader.response.headers.get("content-encoding")).toBeNull();
        const writer = eventWriter(world.log, shop);
        for (const count of [1, 2, 3]) {
          await writer.append(1);
          await reader.take(count);
          expect(reader.ended).toBe(false);
        }
        reader.abort();
      }
    }
  },
);

test.each(["gzip", "br", "deflate"])(
  "the proxy compresses plain answers with %s, which are read as they were",
  async (coding) => {
    const response = await fetch(`${proxy.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json", "accept-encoding": coding },
      body: JSON.stringify({ query: "{ __typename }" }),
    });
    expect(response.headers.get("content-encoding")).toBe(coding);
    expect(await response.json()).toEqual({ data: { __typename: "Query" } });
  },
);

test("a query that streams its one answer passes as well, and a refusal before the stream is plain JSON", async () => {
  const token = member("proxy-query");
  const headers = { "accept-encoding": "gzip" };
  const answer = await read(`${proxy.url}/graphql`, { query: "{ orders { id } }", token, headers });
  await answer.whenEnded();
  expect(answer.nexts().map(({ data }) => data)).toEqual([{ data: { orders: [] } }]);
  const refused = await read(`${proxy.url}/graphql`, { query: QUERY, variables: { shop: "proxy-query" }, headers });
  await refused.whenEnded();
  expect(refused.response.status).toBe(401);
  expect(JSON.parse(refused.text).errors[0].extensions.code).toBe("UNAUTHENTICATED");
});
