import { writeFile } from "node:fs/promises";
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";
import { expect, test } from "vitest";
import { waitFor, waitWithin } from "../../support/wait.ts";
import { compose, startInventedGraph } from "./invented-graph.ts";
import { startStandalone, USUAL_NOTICE_MS } from "./standalone-gateway.ts";

/** Pauses before the two attempts that follow a failed one; usually a second and two. */
const SOON = [50, 100];

test("a federated query is answered from both subgraphs with nothing else running", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl);
  const { status, body } = await gateway.post({
    query: "{ topProducts { name reviews { body } } latestReview { product { price } } }",
  });
  expect(status).toBe(200);
  expect(body).toEqual({
    data: {
      topProducts: [
        { name: "Table", reviews: [{ body: "Review of 1" }] },
        { name: "Couch", reviews: [{ body: "Review of 2" }] },
      ],
      latestReview: { product: { price: 899 } },
    },
  });
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
});

test("the standalone gateway passes authorization on and nothing else of the client's", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl);
  await gateway.post(
    { query: "{ topProducts { upc } }" },
    { authorization: "Basic abc", cookie: "a=b", "x-tributary-identity": "forged", "x-other": "1" },
  );
  const [headers] = graph.products.requests;
  expect(headers).toMatchObject({ authorization: "Basic abc", traceparent: expect.stringMatching(/^00-/) });
  expect(headers).not.toHaveProperty("cookie");
  expect(headers).not.toHaveProperty("x-tributary-identity");
  expect(headers).not.toHaveProperty("x-other");
});

test("the standalone gateway passes on the headers of its setting, which may be none", async () => {
  await using graph = await startInventedGraph();
  const headersWith = async (names: string[]) => {
    await using gateway = await startStandalone(graph.supergraphSdl, { FORWARD_HEADERS: names });
    await gateway.post({ query: "{ topProducts { upc } }" }, { authorization: "Basic abc", "x-tenant": "north" });
    return graph.products.requests.at(-1);
  };
  expect(await headersWith([])).not.toHaveProperty("authorization");
  const chosen = await headersWith(["x-tenant"]);
  expect(chosen).toMatchObject({ "x-tenant": "north" });
  expect(chosen).not.toHaveProperty("authorization");
});

test("a subgraph that is down costs its own fields only [GW-13]", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl, { SUBGRAPH_RETRIES: SOON });
  graph.reviews.behaviour = "refuse";
  const { status, body } = await gateway.post({
    query: "{ topProducts { name reviews { body } } latestReview { body } }",
  });
  expect(status).toBe(200);
  expect(body.data).toEqual({
    topProducts: [
      { name: "Table", reviews: null },
      { name: "Couch", reviews: null },
    ],
    latestReview: null,
  });
  // One error for each null, at its path.
  expect(body.errors?.map(({ path }) => path)).toEqual([
    ["topProducts", 0, "reviews"],
    ["topProducts", 1, "reviews"],
    ["latestReview"],
  ]);
  for (const { message, extensions } of body.errors ?? []) {
    expect(extensions).toMatchObject({ code: "SERVICE_UNAVAILABLE", status: 503, retryable: true });
    expect(message).toContain("reviews");
    expect(message).not.toMatch(/127\.0\.0\.1|ECONN|http/);
  }
});

test("a hanging subgraph is given up at the deadline and its request aborted [GW-13]", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl, {
    SUBGRAPH_TIMEOUT_MS: 400,
    REQUEST_TIMEOUT_MS: 60_000,
  });
  graph.reviews.behaviour = "hang";
  const before = performance.now();
  const { status, body } = await gateway.post({ query: "{ topProducts { name } latestReview { body } }" });
  // The request as a whole may take a minute.
  expect(performance.now() - before).toBeLessThan(30_000);
  expect(status).toBe(200);
  expect(body.data).toMatchObject({ topProducts: [{ name: "Table" }, { name: "Couch" }], latestReview: null });
  expect(body.errors?.[0]?.extensions["code"]).toBe("SERVICE_UNAVAILABLE");
  await waitWithin(1_000, () => graph.reviews.aborted === 1, { what: "the abort of the upstream request" });
});

test("an object that another subgraph says it does not know is null where the schema allows it, and no error", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl);
  const { body } = await gateway.post({ query: "{ incomplete { name stock } topProducts { stock } }" });
  expect(body.data).toEqual({ incomplete: null, topProducts: [{ stock: 3 }, { stock: 3 }] });
  expect(body.errors).toBeUndefined();
});

test("an answer that is no GraphQL is an unavailable subgraph, and none of it is shown", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl, { SUBGRAPH_RETRIES: SOON });
  graph.products.behaviour = "break";
  const { body } = await gateway.post({ query: "{ product(upc: 1) { name } }" });
  expect(body.errors?.[0]?.extensions["code"]).toBe("SERVICE_UNAVAILABLE");
  expect(JSON.stringify(body)).not.toContain("/srv");
});

test("a caller that leaves has its fetches cancelled", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl);
  graph.products.behaviour = "hang";
  const controller = new AbortController();
  const request = fetch(`${gateway.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "{ topProducts { upc } }" }),
    signal: controller.signal,
  }).catch(() => undefined);
  await waitFor(() => graph.products.requests.length === 1, { what: "the fetch to the subgraph" });
  controller.abort();
  await request;
  await waitFor(() => graph.products.aborted === 1, { what: "the abort of the fetch" });
});

test("a changed supergraph file is taken up while running, a broken one is refused", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl);
  const urls = { products: graph.products.url, reviews: graph.reviews.url };
  const typeOf = async (field: string) =>
    (await gateway.post({ query: `{ ${field} }` })).body.errors?.[0]?.extensions["code"];
  expect(await typeOf("added")).toBe("GRAPHQL_VALIDATION_FAILED");

  await writeFile(gateway.supergraphFile, "type Query { broken");
  await waitFor(() => gateway.log.some((line) => line.includes("refused a new supergraph")), { what: "the refusal" });
  expect((await gateway.post({ query: "{ topProducts { name } }" })).body.errors).toBeUndefined();

  await writeFile(gateway.supergraphFile, compose(urls, "added: String"));
  await waitFor(async () => (await typeOf("added")) !== "GRAPHQL_VALIDATION_FAILED", {
    what: "the new field",
  });
});

test("a stop says unready at once and lets requests under way finish", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl, {
    SUBGRAPH_TIMEOUT_MS: 1_000,
    DRAIN_NOTICE_MS: USUAL_NOTICE_MS,
  });
  expect((await fetch(`${gateway.url}/ready`)).status).toBe(200);
  graph.products.behaviour = "hang";
  const running = gateway.post({ query: "{ topProducts { upc } }" });
  await waitFor(() => graph.products.requests.length === 1, { what: "the request under way" });
  const stopped = gateway.lifecycle.stop();
  expect((await fetch(`${gateway.url}/ready`)).status).toBe(503);
  expect((await running).body.errors?.[0]?.extensions["code"]).toBe("SERVICE_UNAVAILABLE");
  await stopped;
  await expect(fetch(`${gateway.url}/live`)).rejects.toThrow();
});

test("a supergraph that cannot be read or used is refused at the start with what to do", async () => {
  await expect(startStandalone("type Query { a: Int }")).rejects.toThrow(/not a valid supergraph/);
  await expect(startStandalone("", { SUPERGRAPH_FILE: "/nowhere/supergraph.graphql" })).rejects.toThrow(
    /\/nowhere\/supergraph.graphql cannot be read/,
  );
});

test("a supergraph that moves a field by progressive override is refused at the start and at a reload, by name", async () => {
  await using graph = await startInventedGraph();
  const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@override"])';
  const { supergraphSdl: moving = "" } = composeServices([
    {
      name: "products",
      url: graph.products.url,
      typeDefs: parse(`${link} type Query { first: Product } type Product @key(fields: "upc") { upc: ID! price: Int }`),
    },
    {
      name: "prices",
      url: graph.reviews.url,
      typeDefs: parse(
        `${link} type Product @key(fields: "upc") { upc: ID! price: Int @override(from: "products", label: "percent(5)") }`,
      ),
    },
  ]);
  const named = /@override\(label: \\?"percent\(5\)\\?"\), progressive override, on Product\.price/;
  await expect(startStandalone(moving)).rejects.toThrow(named);

  await using gateway = await startStandalone(graph.supergraphSdl);
  await writeFile(gateway.supergraphFile, moving);
  const refusal = await waitFor(() => gateway.log.find((line) => line.includes("refused a new supergraph")), {
    what: "the refusal",
  });
  expect(refusal).toContain("SUPERGRAPH_UNSUPPORTED");
  expect(refusal).toMatch(named);
  expect((await gateway.post({ query: "{ topProducts { price } }" })).body.errors).toBeUndefined();
});
