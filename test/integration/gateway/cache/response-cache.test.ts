// The response cache over HTTP, on a gateway alone and a graph whose types carry hints.
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startStandalone } from "../standalone-gateway.ts";
import { type HintedGraph, startHintedGraph } from "./hinted-graph.ts";

let graph: HintedGraph;

beforeAll(async () => {
  graph = await startHintedGraph();
});

afterAll(() => graph[Symbol.asyncDispose]());

beforeEach(() => {
  graph.titles.set("1", "Emma");
  graph.before = async () => undefined;
});

const BOOK = "query Book($isbn: ID!) { book(isbn: $isbn) { title rating lines { text } } }";

test("an answer that is kept needs no subgraph, and says so with its age [S13]", async () => {
  await using gateway = await startStandalone(graph.supergraphSdl, {}, true);
  const body = { query: BOOK, variables: { isbn: "1" } };
  const first = await gateway.post(body);
  expect(first.body).toMatchObject({ data: { book: { title: "Emma", rating: 5, lines: [{ text: "…" }] } } });
  expect(Object.keys(first.body.data?.["book"] ?? {})).toEqual(["title", "rating", "lines"]);
  expect(first.headers.get("x-cache")).toBe("MISS");
  const asked = graph.requests();
  const second = await gateway.post(body);
  expect(second.headers.get("x-cache")).toBe("HIT");
  expect(graph.requests()).toBe(asked);
  expect(second.body).toEqual(first.body);
  expect(second.status).toBe(200);
  expect(second.headers.get("age")).toMatch(/^\d+$/);
  expect(second.headers.get("content-type")).toBe(first.headers.get("content-type"));
  expect(second.headers.get("x-trace-id")).toMatch(/^[0-9a-f]{32}$/);
  expect(second.headers.get("x-trace-id")).not.toBe(first.headers.get("x-trace-id"));
  expect(second.headers.get("cache-control")).toBe("no-store");
});

test("other values of variables are other answers; what is not declared makes none", async () => {
  await using gateway = await startStandalone(graph.supergraphSdl);
  await gateway.post({ query: BOOK, variables: { isbn: "1" } });
  const other = await gateway.post({ query: BOOK, variables: { isbn: "2" } });
  expect(other.body).toMatchObject({ data: { book: { title: "Dune" } } });
  const same = await gateway.post({ query: BOOK, variables: { more: 1, isbn: "1" } });
  expect(same.headers.get("x-cache")).toBe("HIT");
  expect(same.body).toMatchObject({ data: { book: { title: "Emma" } } });
});

test("errors are never kept, and what carries no hint is not either", async () => {
  await using gateway = await startStandalone(graph.supergraphSdl);
  for (const query of ["{ broken { title } }", "{ uncached { id } }", "{ __schema { queryType { name } } }"]) {
    await gateway.post({ query });
    const asked = graph.requests();
    const again = await gateway.post({ query });
    expect(again.headers.get("x-cache")).not.toBe("HIT");
    if (!query.includes("__schema")) expect(graph.requests()).toBeGreaterThan(asked);
  }
  const invalid = { query: BOOK, variables: {} };
  await gateway.post(invalid);
  const refused = await gateway.post(invalid);
  expect(refused.status).toBe(400);
  expect(refused.headers.get("x-cache")).not.toBe("HIT");
});

test("what is one viewer's is kept for them alone [CA-07]", async () => {
  await using gateway = await startStandalone(graph.supergraphSdl, { FORWARD_HEADERS: ["authorization"] });
  const query = "{ me { id name } }";
  const ask = async (who: string) => {
    const { body, headers } = await gateway.post({ query }, { authorization: who });
    expect(body.data).toEqual({ me: { id: who, name: `Reader ${who}` } });
    return headers.get("x-cache");
  };
  const rounds = Array.from({ length: 500 }, () => Promise.all([ask("Bearer a"), ask("Bearer b")]));
  const found = (await Promise.all(rounds)).flat();
  expect(found.filter((how) => how === "MISS")).toHaveLength(2);
});

test("whoever says no-cache has an answer made, which others are given from then on", async () => {
  await using gateway = await startStandalone(graph.supergraphSdl);
  const body = { query: BOOK, variables: { isbn: "1" } };
  await gateway.post(body);
  graph.titles.set("1", "Persuasion");
  expect((await gateway.post(body)).body).toMatchObject({ data: { book: { title: "Emma" } } });
  const past = await gateway.post(body, { "cache-control": "no-cache" });
  expect(past.headers.get("x-cache")).toBe("BYPASS");
  expect(past.body).toMatchObject({ data: { book: { title: "Persuasion" } } });
  const after = await gateway.post(body);
  expect(after.headers.get("x-cache")).toBe("HIT");
  expect(after.body).toMatchObject({ data: { book: { title: "Persuasion" } } });
});

test("a mutation evicts before it is answered", async () => {
  await using gateway = await startStandalone(graph.supergraphSdl);
  const body = { query: BOOK, variables: { isbn: "1" } };
  await gateway.post(body);
  await gateway.post({ query: 'mutation { retitle(isbn: "1", title: "Lady Susan") { title } }' });
  expect((await gateway.post(body)).body).toMatchObject({ data: { book: { title: "Lady Susan" } } });
});

test("equal questions at the same time are asked once [CA-01]", async () => {
  await using gateway = await startStandalone(graph.supergraphSdl);
  const query = "{ books { title } }";
  const { promise, resolve } = Promise.withResolvers<void>();
  graph.before = () => promise;
  const asked = graph.requests();
  const answers = Array.from({ length: 200 }, () => gateway.post({ query }));
  await expect.poll(graph.requests).toBe(asked + 1);
  resolve();
  const found = await Promise.all(answers);
  expect(new Set(found.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect(graph.requests()).toBe(asked + 1);
  expect(found.filter(({ headers }) => headers.get("x-cache") === "MISS")).toHaveLength(1);
});

test("an answer is not served beyond the lowest age of its parts", async () => {
  await using gateway = await startStandalone(graph.supergraphSdl);
  const query = "{ brief { title } books { title } }";
  await gateway.post({ query });
  expect((await gateway.post({ query })).headers.get("x-cache")).toBe("HIT");
  await expect.poll(async () => (await gateway.post({ query })).headers.get("x-cache"), { interval: 100 }).toBe("MISS");
});

test("an answer to GET says how long whoever is between may keep it; requests of another site's page are still refused", async () => {
  await using gateway = await startStandalone(graph.supergraphSdl);
  const url = `${gateway.url}/graphql?query=${encodeURIComponent("{ books { title } }")}`;
  const headers = { "apollo-require-preflight": "1" };
  for (const how of ["MISS", "HIT"]) {
    const answer = await fetch(url, { headers });
    expect(answer.headers.get("x-cache")).toBe(how);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=60");
    expect(answer.headers.get("vary")).toContain("Accept");
  }
  expect((await fetch(url)).status).toBe(400);
});

test("who accepts another type is answered in it, kept or not", async () => {
  await using gateway = await startStandalone(graph.supergraphSdl);
  const body = { query: "{ books { title } }" };
  const accept = "application/graphql-response+json";
  await gateway.post(body);
  const executed = await gateway.post(body, { accept });
  const kept = await gateway.post(body, { accept });
  expect(kept.headers.get("x-cache")).toBe("HIT");
  expect(executed.headers.get("content-type")).toBe("application/graphql-response+json; charset=utf-8");
  expect(kept.headers.get("content-type")).toBe(executed.headers.get("content-type"));
  expect((await gateway.post(body)).headers.get("content-type")).toBe("application/json; charset=utf-8");
});

test("a new supergraph begins without the answers of the old one", async () => {
  await using gateway = await startStandalone(graph.supergraphSdl);
  const body = { query: BOOK, variables: { isbn: "1" } };
  await gateway.post(body);
  graph.titles.set("1", "Sanditon");
  await writeFile(gateway.supergraphFile, `${graph.supergraphSdl}\n# newer\n`);
  await expect.poll(async () => (await gateway.post(body)).headers.get("x-cache")).toBe("MISS");
});

test("in development a kept answer says until when, for whom and by which tags it was kept", async () => {
  await using gateway = await startStandalone(graph.supergraphSdl);
  const ask = async () => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: BOOK, variables: { isbn: "1" } }),
    });
    return response.json();
  };
  const { data } = await ask();
  const kept = await ask();
  expect(kept.data).toEqual(data);
  expect(kept.extensions.cost).toBeDefined();
  expect(kept.extensions.cache.answer).toMatchObject({
    maxAgeSeconds: 60,
    scope: "PUBLIC",
    tags: ["entity:1", "entity:1:*"],
  });
});

test("what became of questions is counted on /metrics", async () => {
  await using gateway = await startStandalone(graph.supergraphSdl);
  for (const isbn of ["1", "1", "2"]) await gateway.post({ query: BOOK, variables: { isbn } });
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(text).toContain('tributary_response_cache_lookups_total{result="hit"} 1');
  expect(text).toContain('tributary_response_cache_lookups_total{result="miss"} 2');
  // A kept answer counts for as many fetches as it once took.
  const needed = (from: string) => Number(new RegExp(`needed_total\\{from="${from}"\\} (\\d+)`).exec(text)?.[1]);
  expect(needed("subgraph")).toBeGreaterThan(0);
  expect(needed("kept") * 2).toBe(needed("subgraph"));
  expect(text).toContain("tributary_response_cache_entries 2");
});

test.each([
  { where: "no memory is given", settings: { RESPONSE_CACHE_MB: 0 } },
  { where: "the stock executor tells nothing of what answers are made of", settings: { EXECUTOR: "apollo" as const } },
])("nothing is kept where $where", async ({ settings }) => {
  await using gateway = await startStandalone(graph.supergraphSdl, settings);
  const body = { query: BOOK, variables: { isbn: "1" } };
  await gateway.post(body);
  expect((await gateway.post(body)).headers.get("x-cache")).toBeNull();
});
