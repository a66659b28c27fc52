import { connect } from "node:net";
import { getIntrospectionQuery } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../support/wait.ts";
import { type InventedGraph, startInventedGraph } from "./invented-graph.ts";
import { parseAnswer, type RunningGateway, startStandalone } from "./standalone-gateway.ts";

let graph: InventedGraph;
let gateway: RunningGateway;
let production: RunningGateway;

beforeAll(async () => {
  graph = await startInventedGraph();
  gateway = await startStandalone(graph.supergraphSdl, { ALLOWED_ORIGINS: ["https://app.example"] });
  production = await startStandalone(graph.supergraphSdl, {}, true);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await production[Symbol.asyncDispose]();
  await graph[Symbol.asyncDispose]();
});

const LEAKS = /<html|\bat \/|node_modules|\.ts:\d/;

async function send(path: string, init: RequestInit) {
  const response = await fetch(`${gateway.url}${path}`, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

test("requests that a foreign page could make are refused before they run [GW-06]", async () => {
  const renames = graph.renames();
  const query = encodeURIComponent("{ __typename }");
  const mutation = encodeURIComponent('mutation { rename(upc: "1", name: "x") { name } }');
  const body = JSON.stringify({ query: 'mutation { rename(upc: "1", name: "x") { name } }' });
  const preflighted = { "apollo-require-preflight": "1" };
  const post = (type: string) => send("/graphql", { method: "POST", headers: { "content-type": type }, body });
  const get = (search: string, headers: Record<string, string>) => send(`/graphql?query=${search}`, { headers });
  const statuses = [
    await get(query, {}),
    await get(mutation, preflighted),
    await get(query, { ...preflighted, "content-type": "text/plain" }),
    await post("text/plain"),
    await post("application/x-www-form-urlencoded"),
    await post("multipart/form-data; boundary=x"),
  ].map(({ status }) => status);
  expect(statuses).toEqual([400, 405, 415, 400, 400, 400]);
  expect(graph.renames()).toBe(renames);
});

test("unreadable bodies are refused as JSON without internals [GW-07]", async () => {
  const json = { "content-type": "application/json" };
  const cases = [
    await send("/graphql", { method: "POST", headers: json, body: '{"query":"{ __typen' }),
    await send("/graphql", { method: "POST", headers: json, body: JSON.stringify({ query: " ".repeat(262_144) }) }),
    await send("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-7" },
      body: '{"query":"{__typename}"}',
    }),
  ];
  expect(cases.map(({ status }) => status)).toEqual([400, 413, 415]);
  for (const { headers, text } of cases) {
    expect(headers.get("content-type")).toContain("application/json");
    expect(text).not.toMatch(LEAKS);
    expect(parseAnswer(text).errors).toHaveLength(1);
  }
});

test.each(["//", "//[", "/nowhere"])(
  "asking for a socket at the address %s is answered with 404, and the connection ends [GW-07]",
  async (path) => {
    const socket = connect({ port: Number(new URL(gateway.url).port), host: "127.0.0.1", allowHalfOpen: true });
    let answer = "";
    socket.on("data", (chunk) => {
      answer += String(chunk);
    });
    socket.on("error", () => undefined);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    await waitFor(() => socket.readableEnded, { what: "the end of the answer" });
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    // It does not leave by itself: a server that only ended its own side would hear it for good.
    const gone = () => {
      socket.write("still here");
      return socket.closed;
    };
    await waitFor(gone, { what: "the end of the connection" });
    expect((await send("/health", {})).status).toBe(200);
  },
);

test("a request that offers HTTP/2 is answered as if it did not", async () => {
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => {
    answer += String(chunk);
  });
  socket.write(
    "GET /health HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
  );
  await waitFor(() => answer.includes("\r\n\r\n"), { what: "an answer" });
  socket.destroy();
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});

test("an operation that cannot be chosen, or is no query or mutation, is refused [GW-08]", async () => {
  const two = "query A { __typename } query B { __typename }";
  const ambiguous = await gateway.post({ query: two });
  expect(ambiguous.status).toBe(400);
  expect(ambiguous.body.errors?.[0]?.extensions["code"]).toBe("OPERATION_RESOLUTION_FAILURE");
  const unknown = await gateway.post({ query: two, operationName: "C" });
  expect(unknown.status).toBe(400);
  expect(unknown.body.errors?.[0]?.extensions["code"]).toBe("OPERATION_RESOLUTION_FAILURE");
  expect((await gateway.post({ query: "subscription { anything }" })).status).toBe(400);
});

test("federation's own fields are not part of the API [GW-11]", async () => {
  const { status } = await gateway.post({ query: "{ _entities(representations: []) { __typename } }" });
  expect(status).toBe(400);
});

test("array batches are refused [GW-02]", async () => {
  const { status, body } = await gateway.post([{ query: "{ __typename }" }, { query: "{ __typename }" }]);
  expect(status).toBe(400);
  expect(body.errors?.[0]?.extensions["code"]).toBe("BAD_REQUEST");
});

test("limits answer 400 with their code, before validation [GW-03]", async () => {
  const nest = (levels: number, inner: string) => "a { ".repeat(levels) + inner + " }".repeat(levels);
  const cases: [string, string][] = [
    [`{ ${nest(15, "b")} }`, "MAX_DEPTH_LIMIT"],
    [`{ ... { ${nest(8, `... on Query { ${nest(7, "b")} }`)} } }`, "MAX_DEPTH_LIMIT"],
    [`{ ...F ${nest(9, "...F")} } fragment F on X { ${nest(6, "b")} }`, "MAX_DEPTH_LIMIT"],
    [`{ __schema { ${nest(14, "__type")} } }`, "MAX_DEPTH_LIMIT"],
    [`{ ${Array.from({ length: 101 }, (_, n) => `a${n}: __typename`).join(" ")} }`, "MAX_ALIASES_LIMIT"],
    [`{ ${"__typename ".repeat(21)} }`, "MAX_ROOT_FIELDS_LIMIT"],
    [`{ ${"a ".repeat(999)} }`, "MAX_TOKENS_LIMIT"],
    [`{ __typename ${"@aa".repeat(10)} }`, "MAX_DIRECTIVES_LIMIT"],
  ];
  for (const [query, code] of cases) {
    const { status, body } = await gateway.post({ query });
    expect([status, body.errors?.[0]?.extensions["code"]], query.slice(0, 60)).toEqual([400, code]);
  }
});

test("the explorers' introspection is within the limits", async () => {
  const { status, body } = await gateway.post({
    query: getIntrospectionQuery({ inputValueDeprecation: true, schemaDescription: true, specifiedByUrl: true }),
  });
  expect([status, body.errors]).toEqual([200, undefined]);
});

test("production tells nothing about the schema [GW-01]", async () => {
  for (const query of ["{ __schema { types { name } } }", '{ __type(name: "Product") { name } }']) {
    const { status, body } = await production.post({ query });
    expect(status).toBe(400);
    expect(body.errors?.[0]?.extensions).toMatchObject({
      code: "GRAPHQL_VALIDATION_FAILED",
      validationErrorCode: "INTROSPECTION_DISABLED",
    });
  }
  const misspelt = await production.post({ query: "{ topProduct { name } }" });
  expect(JSON.stringify(misspelt.body)).not.toContain("Did you mean");
  expect((await fetch(`${production.url}/graphiql`)).status).toBe(404);
});

test("wrong variables are the caller's fault, and the field is named [S16]", async () => {
  const { status, body } = await gateway.post({
    query: "query ($upc: ID!) { product(upc: $upc) { name } }",
    variables: {},
  });
  expect(status).toBe(400);
  expect(body.errors?.[0]?.extensions).toMatchObject({
    code: "BAD_USER_INPUT",
    status: 400,
    retryable: false,
    field: ["upc"],
    variable: ["upc"],
  });
  expect(body.errors?.[0]?.extensions["traceId"]).toMatch(/^[0-9a-f]{32}$/);
});

test("only known origins get permission to call, and never with credentials or for everybody [S10]", async () => {
  const preflight = (origin: string) =>
    fetch(`${gateway.url}/graphql`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
    });
  const allowed = await preflight("https://app.example");
  expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.example");
  expect(allowed.headers.get("access-control-allow-credentials")).toBeNull();
  const own = await preflight(gateway.url);
  expect(own.headers.get("access-control-allow-origin")).toBe(gateway.url);
  for (const origin of ["https://evil.example", "null", "https://app.example.evil"]) {
    const { headers } = await preflight(origin);
    expect([...headers.keys()].filter((name) => name.startsWith("access-control-allow"))).toEqual([]);
  }
  for (const origin of ["https://app.example", "https://evil.example"]) {
    const { headers } = await send("/graphql", {
      method: "POST",
      headers: { origin, "content-type": "application/json" },
      body: JSON.stringify({ query: "{ __typename }" }),
    });
    expect(headers.get("content-type")).toContain("application/json");
    expect(headers.get("access-control-allow-origin")).toBe(origin === "https://app.example" ? origin : null);
    expect(headers.get("access-control-allow-credentials")).toBeNull();
  }
});

test("a browser gets the explorer, pointed at this gateway, and an offline one beside it", async () => {
  const page = await send("/graphql", { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } });
  expect(page.status).toBe(200);
  expect(page.headers.get("content-security-policy")).toContain("script-src 'sha256-");
  expect(page.text).toContain("embeddable-sandbox");
  const offline = await send("/graphiql", { headers: { accept: "text/html" } });
  expect(offline.text).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect((await send("/graphiql/graphiql.js", {})).headers.get("content-type")).toContain("text/javascript");
});
