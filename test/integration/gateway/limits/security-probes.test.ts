// The thirteen probes of graphql-cop (https://github.com/dolevf/graphql-cop), rebuilt: what each sends, and what it
// takes for a finding.
import { getIntrospectionQuery } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { processorMs } from "../../../support/processor-time.ts";
import { type InventedGraph, startInventedGraph } from "../invented-graph.ts";
import { type RunningGateway, startStandalone } from "../standalone-gateway.ts";

let graph: InventedGraph;
let gateway: RunningGateway;

beforeAll(async () => {
  graph = await startInventedGraph();
  gateway = await startStandalone(graph.supergraphSdl, {}, true);
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await graph?.[Symbol.asyncDispose]();
});

interface Seen {
  readonly status: number;
  readonly text: string;
}

async function send(path: string, init: RequestInit = {}): Promise<Seen> {
  const response = await fetch(`${gateway.url}${path}`, init);
  return { status: response.status, text: await response.text() };
}

const JSON_TYPE = { "content-type": "application/json" };
const post = (body: unknown) => send("/graphql", { method: "POST", headers: JSON_TYPE, body: JSON.stringify(body) });
const ask = (query: string) => post({ query, operationName: "cop" });
const get = (query: string) => send(`/graphql?query=${encodeURIComponent(query)}`);
const repeat = (count: number, write: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => write(at)).join(" ");

type Probe = readonly [name: string, send: () => Promise<Seen>, finding: RegExp, status: number, code: string];

const PROBES: readonly Probe[] = [
  [
    "alias overloading",
    () => ask(`query cop { ${repeat(101, (at) => `alias${at}: __typename`)} }`),
    /"data"/,
    400,
    "MAX_ALIASES_LIMIT",
  ],
  [
    "array batching",
    () => post(Array.from({ length: 10 }, () => ({ query: "query cop { __typename }" }))),
    /^\[|"data"/,
    400,
    "BAD_REQUEST",
  ],
  [
    "circular introspection",
    () =>
      ask(
        `query cop { __schema { ${"types { fields { type {".replace("types", "types")} ${"fields { type { ".repeat(3)} name ${"} } ".repeat(3)} } } } } }`,
      ),
    /"data"/,
    400,
    "GRAPHQL_VALIDATION_FAILED",
  ],
  [
    "directive overloading",
    () => ask(`query cop { __typename ${"@aa".repeat(10)} }`),
    /"data"|Unknown directive/,
    400,
    "MAX_DIRECTIVES_LIMIT",
  ],
  [
    "field duplication",
    () => ask(`query cop { ${"__typename ".repeat(500)} }`),
    /"data"/,
    400,
    "MAX_ROOT_FIELDS_LIMIT",
  ],
  [
    "field suggestions",
    () => ask("query cop { topProduct { name } }"),
    /did you mean/i,
    400,
    "GRAPHQL_VALIDATION_FAILED",
  ],
  ["queries over GET", () => get("query cop { __typename }"), /"data"/, 400, "BAD_REQUEST"],
  ["mutations over GET", () => get("mutation cop { __typename }"), /"data"/, 400, "BAD_REQUEST"],
  [
    "an explorer",
    () => send("/graphql", { headers: { accept: "text/html" } }),
    /graphiql|playground|sandbox|altair/i,
    400,
    "BAD_REQUEST",
  ],
  [
    "introspection",
    () => ask(getIntrospectionQuery().replace("IntrospectionQuery", "cop")),
    /"data"/,
    400,
    "GRAPHQL_VALIDATION_FAILED",
  ],
  [
    "forms of foreign pages",
    () =>
      send("/graphql", {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: "query=query+cop+%7B+__typename+%7D",
      }),
    /"data"/,
    400,
    "BAD_REQUEST",
  ],
  ["trace mode", () => ask("query cop { __typename }"), /"tracing"/, 200, ""],
  [
    "unhandled errors",
    () => ask("qwerty cop { abc }"),
    /"exception"|stacktrace|node_modules|\bat \//,
    400,
    "GRAPHQL_PARSE_FAILED",
  ],
];

test.each(PROBES)("no finding: %s [GW-02]", async (_name, probe, finding, status, code) => {
  const seen = await probe();
  expect(seen.text).not.toMatch(finding);
  expect(seen.status).toBe(status);
  if (code !== "") expect(seen.text).toContain(`"code":"${code}"`);
});

test("101 aliases are refused within 50 ms of the processor, and no subgraph hears of them [GW-02]", async () => {
  const requests = graph.products.requests.length;
  const query = `{ ${repeat(101, (at) => `a${at}: topProducts { name }`)} }`;
  const spent: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const refuse = async () => expect((await ask(`${query} # ${round}`)).text).toContain('"code":"MAX_ALIASES_LIMIT"');
    spent.push(await processorMs(refuse));
  }
  // Of client and gateway, which share this process: a few on an idle machine of today.
  expect(Math.min(...spent)).toBeLessThan(50);
  expect(graph.products.requests.length).toBe(requests);
});

test("introspection in production is refused by its name, and a misspelt field gets no suggestion [GW-01]", async () => {
  for (const query of [
    "{ __schema { queryType { name } } }",
    '{ __type(name: "Product") { fields { name } } }',
    "{ a: __schema { types { name } } }",
    "{ ...F } fragment F on Query { __schema { types { name } } }",
    "query Q { ... on Query { ... { __schema { directives { name } } } } }",
  ]) {
    const { status, text } = await post({ query });
    expect(status, query).toBe(400);
    expect(text).toContain('"code":"GRAPHQL_VALIDATION_FAILED"');
    expect(text).toContain('"validationErrorCode":"INTROSPECTION_DISABLED"');
  }
  for (const query of [
    "{ topProduct { name } }",
    "{ topProducts { nam } }",
    "{ topProducts(frist: 1) { name } }",
    "{ topProducts { ... on Prodct { name } } }",
    "{ topProducts { name @inclde(if: true) } }",
    "query ($n: Itn) { topProducts(first: $n) { name } }",
    "{ topProducts { ...Fo } } fragment Foo on Product { name }",
  ]) {
    const { status, text } = await post({ query });
    expect(status, query).toBe(400);
    expect(text).not.toMatch(/did you mean/i);
  }
});

test("identity headers that a client forges reach no subgraph [GW-02]", async () => {
  const forged = {
    ...JSON_TYPE,
    "x-tributary-identity": "eyJraW5kIjoiU0VSVklDRSJ9.forged",
    "x-user-id": "usr_admin",
    "x-organization-id": "org_other",
    "x-forwarded-user": "admin",
    "x-internal": "1",
  };
  const body = JSON.stringify({ query: "{ topProducts { name } }" });
  expect((await send("/graphql", { method: "POST", headers: forged, body })).status).toBe(200);
  const last = graph.products.requests.at(-1) ?? {};
  for (const name of Object.keys(forged).filter((name) => name !== "content-type")) {
    expect(last[name], name).toBeUndefined();
  }
});

test("absurd arguments are the caller's fault, and cost no fetch [GW-03]", async () => {
  const requests = graph.products.requests.length;
  for (const [query, variables] of [
    ["{ topProducts(first: 99999999999999999999) { name } }", {}],
    ["{ topProducts(first: -1e400) { name } }", {}],
    ['{ topProducts(first: "1") { name } }', {}],
    ["{ topProducts(first: [1, 2]) { name } }", {}],
    ["{ topProducts(first: { a: 1 }) { name } }", {}],
    ["query ($n: Int) { topProducts(first: $n) { name } }", { n: 2 ** 31 }],
    ["query ($n: Int) { topProducts(first: $n) { name } }", { n: [[1]] }],
    ["query ($n: Int) { topProducts(first: $n) { name } }", { n: { __typename: 1 } }],
    ["query ($n: ID!) { product(upc: $n) { name } }", { n: null }],
    ["query ($n: ID!) { product(upc: $n) { name } }", { n: { toString: "x" } }],
    ["query ($n: ID!) { product(upc: $n) { name } }", {}],
  ] as const) {
    const { status, text } = await post({ query, variables });
    expect([status, text.includes("INTERNAL_SERVER_ERROR")], `${query} ${JSON.stringify(variables)}`).toEqual([
      400,
      false,
    ]);
  }
  expect(graph.products.requests.length).toBe(requests);
});
