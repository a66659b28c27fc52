// Persisted queries by GET: what browsers and proxies are told about keeping their answers.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type HintedGraph, startHintedGraph } from "../cache/hinted-graph.ts";
import { type RunningGateway, startStandalone } from "../standalone-gateway.ts";

let graph: HintedGraph;
let gateway: RunningGateway;

beforeAll(async () => {
  graph = await startHintedGraph();
  // In production answers say nothing of how they were made: equal data are equal bytes.
  gateway = await startStandalone(graph.supergraphSdl, {}, true);
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await graph?.[Symbol.asyncDispose]();
});

/** Persists the text, then asks for it by its hash. */
async function persist(query: string) {
  const sha256Hash = createHash("sha256").update(query).digest("hex");
  const extensions = { persistedQuery: { version: 1, sha256Hash } };
  await gateway.post({ query, extensions });
  const search = new URLSearchParams({ extensions: JSON.stringify(extensions) });
  return async (headers: Record<string, string> = {}) => {
    const response = await fetch(`${gateway.url}/graphql?${search}`, {
      headers: { "apollo-require-preflight": "1", authorization: "Bearer ada", ...headers },
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
}

test("what is everybody's may be kept by everybody, for as long as its parts allow [S107]", async () => {
  const get = await persist("{ books { title } }");
  for (const _ of ["made", "kept"]) {
    const { status, headers, text } = await get();
    expect([status, headers.get("cache-control")]).toEqual([200, "public, max-age=60"]);
    expect(headers.get("vary")).toContain("Accept");
    expect(JSON.parse(text).data.books.length).toBe(2);
  }
});

test("what is one viewer's is kept by their browser alone, which asks each time", async () => {
  const get = await persist("{ me { name } }");
  const { headers, text } = await get();
  expect(headers.get("cache-control")).toBe("private, no-cache");
  expect(headers.get("vary")).toContain("Authorization");
  const again = await get({ "if-none-match": headers.get("etag") ?? "" });
  expect([again.status, again.text]).toEqual([304, ""]);
  // Somebody else at the same browser.
  const other = await get({ "if-none-match": headers.get("etag") ?? "", authorization: "Bearer bob" });
  expect(other.status).toBe(200);
  expect(other.text).not.toBe(text);
});

test("who has the bytes already is told so, until they are others", async () => {
  const get = await persist("{ books { title isbn } }");
  const first = await get();
  const tag = first.headers.get("etag") ?? "";
  expect(tag).toMatch(/^"[\w-]{43}"$/);
  for (const sent of [tag, `W/${tag}`, `"other", ${tag}`, "*"]) {
    const { status, text, headers } = await get({ "if-none-match": sent });
    expect([status, text, headers.get("etag")]).toEqual([304, "", tag]);
    expect(headers.get("cache-control")).toBe("public, max-age=60");
  }
  expect((await get({ "if-none-match": '"other"' })).text).toBe(first.text);
});

test("what carries no hint, a refusal and an answer to POST are kept by nobody", async () => {
  const uncached = await (await persist("{ uncached { id } }"))({ "if-none-match": "*" });
  expect([uncached.status, uncached.headers.get("cache-control")]).toEqual([200, "no-store"]);
  const refused = await (await persist("{ nothing }"))({ "if-none-match": "*" });
  expect(refused.status).toBe(200);
  expect(refused.text).toContain("PERSISTED_QUERY_NOT_FOUND");
  expect(refused.headers.get("cache-control")).toBe("private, no-cache, must-revalidate");
  const posted = await gateway.post({ query: "{ books { title } }" }, { "if-none-match": "*" });
  expect([posted.status, posted.headers.get("cache-control")]).toEqual([200, "no-store"]);
});
