import { auditServer } from "graphql-http";
import { expect, test } from "vitest";
import { startInventedGraph } from "./invented-graph.ts";
import { startStandalone } from "./standalone-gateway.ts";

test("the GraphQL-over-HTTP audit finds no error and at most three warnings, cross-site prevention on", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl);
  // A client that queries by GET sends this header, as Apollo's own do; its POSTs need none.
  const fetchFn = (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if ((init.method ?? "GET") === "GET") headers.set("apollo-require-preflight", "1");
    return fetch(url, { ...init, headers });
  };
  const results = await auditServer({ url: `${gateway.url}/graphql`, fetchFn });
  const found = (status: string) =>
    results.flatMap((result) => (result.status === status ? [`${result.id} ${result.name}`] : []));
  expect(results.length).toBeGreaterThan(50);
  expect(found("error")).toEqual([]);
  expect(found("warn").length, found("warn").join("\n")).toBeLessThanOrEqual(3);
});
