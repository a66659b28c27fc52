// Persisted and registered operations over HTTP, on a running gateway.
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { anonymousContext } from "../../../support/anonymous-context.ts";
import { type InventedGraph, startInventedGraph } from "../invented-graph.ts";
import { parseAnswer, type RunningGateway, startStandalone } from "../standalone-gateway.ts";

const REGISTERED = "query Couch($upc: ID!) { product(upc: $upc) { name } }";
const RENAME = 'mutation Rename { rename(upc: "1", name: "Desk") { name } }';
const PREFLIGHTED = { "apollo-require-preflight": "1" };

let graph: InventedGraph;
let folder: string;
let gateway: RunningGateway;
let strict: RunningGateway;

const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const named = (text: string) => ({ persistedQuery: { version: 1, sha256Hash: hash(text) } });

beforeAll(async () => {
  graph = await startInventedGraph();
  folder = await mkdtemp(join(tmpdir(), "tributary-manifest-"));
  const manifest = join(folder, "manifest.json");
  const operations = [REGISTERED, RENAME].map((body) => ({ id: hash(body), name: "Any", type: "query", body }));
  await writeFile(manifest, JSON.stringify({ format: "apollo-persisted-query-manifest", version: 1, operations }));
  gateway = await startStandalone(graph.supergraphSdl);
  strict = await startStandalone(graph.supergraphSdl, {
    TRUSTED_DOCUMENTS: "only",
    TRUSTED_DOCUMENTS_FILE: [manifest],
  });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await strict?.[Symbol.asyncDispose]();
  await graph?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function get(on: RunningGateway, fields: Record<string, string>, headers: Record<string, string> = PREFLIGHTED) {
  const response = await fetch(`${on.url}/graphql?${new URLSearchParams(fields)}`, { headers });
  return { status: response.status, headers: response.headers, body: parseAnswer(await response.text()) };
}

async function metrics(on: RunningGateway): Promise<string> {
  return (await fetch(`${on.url}/metrics`)).text();
}

const codeOf = ({ body }: Awaited<ReturnType<typeof get>>) => body.errors?.[0]?.extensions["code"];

test("a text sent once with its hash is run by its hash from then on, by POST and by GET [S107]", async () => {
  const text = `query Name($upc: ID!) { product(upc: $upc) { name } } # ${crypto.randomUUID()}`;
  const extensions = named(text);
  const first = await gateway.post({ extensions, variables: { upc: "1" } });
  expect(first.status).toBe(200);
  expect(first.body.errors?.[0]?.message).toBe("PersistedQueryNotFound");
  expect(codeOf(first)).toBe("PERSISTED_QUERY_NOT_FOUND");
  expect(first.headers.get("cache-control")).toBe("private, no-cache, must-revalidate");
  const sent = await gateway.post({ query: text, extensions, variables: { upc: "1" } });
  expect(sent.body.data).toEqual({ product: { name: "Table" } });
  const posted = await gateway.post({ extensions, variables: { upc: "2" } });
  expect(posted.body).toMatchObject({ data: { product: { name: "Couch" } } });
  const fields = { extensions: JSON.stringify(extensions), variables: JSON.stringify({ upc: "2" }) };
  expect((await get(gateway, fields)).body.data).toEqual({ product: { name: "Couch" } });
  const byId = { documentId: `sha256:${hash(text)}`, variables: JSON.stringify({ upc: "1" }) };
  expect((await get(gateway, byId)).body.data).toEqual({ product: { name: "Table" } });
});

test("a text that did not pass validation or limits is not kept", async () => {
  for (const text of ["{ nothing }", "{ broken", `{ ${"a: broken ".repeat(31)} }`]) {
    const extensions = named(text);
    expect((await gateway.post({ query: text, extensions })).status).toBe(400);
    expect(codeOf(await gateway.post({ extensions }))).toBe("PERSISTED_QUERY_NOT_FOUND");
  }
});

test("a hash that is not the text's is refused with 400 and runs nothing", async () => {
  const renames = graph.renames();
  const answer = await gateway.post({ query: RENAME, extensions: named("{ __typename }") });
  expect([answer.status, codeOf(answer)]).toEqual([400, "BAD_REQUEST"]);
  expect(graph.renames()).toBe(renames);
});

test("a persisted query is protected from foreign pages, and a persisted mutation does not run by GET [GW-06]", async () => {
  const renames = graph.renames();
  const fields = { extensions: JSON.stringify(named(RENAME)) };
  expect((await get(strict, fields, {})).status).toBe(400);
  const answer = await get(strict, fields);
  expect(answer.status).toBe(405);
  expect(graph.renames()).toBe(renames);
});

test("where only registered operations run, they do by id and by text, and no other does", async () => {
  const variables = { upc: "2" };
  for (const body of [
    { extensions: named(REGISTERED), variables },
    { documentId: hash(REGISTERED), variables },
    { query: REGISTERED, variables },
    { query: REGISTERED, extensions: named(REGISTERED), variables },
  ]) {
    expect((await strict.post(body)).body.data).toEqual({ product: { name: "Couch" } });
  }
  const byAddress = { extensions: JSON.stringify(named(REGISTERED)), variables: JSON.stringify(variables) };
  expect((await get(strict, byAddress)).body.data).toEqual({ product: { name: "Couch" } });

  const fetched = graph.products.requests.length;
  const other = "{ topProducts { upc } }";
  const refused = [
    await strict.post({ query: other }),
    await strict.post({ query: "{ never parsed" }),
    await strict.post({ query: "{ __schema { types { name } } }" }),
    await get(strict, { query: other }),
    await strict.post({ extensions: named(other) }),
    await strict.post({ query: other, extensions: named(other) }),
    await strict.post({ documentId: "unknown" }),
  ];
  expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 400));
  expect(refused.map(codeOf)).toEqual([
    ...Array.from({ length: 4 }, () => "QUERY_NOT_IN_SAFELIST"),
    ...Array.from({ length: 3 }, () => "PERSISTED_QUERY_NOT_IN_LIST"),
  ]);
  expect(graph.products.requests.length).toBe(fetched);
});

test("an address cannot smuggle a text past the list", async () => {
  const registered = `query=${encodeURIComponent(REGISTERED)}`;
  const other = `query=${encodeURIComponent("{ topProducts { upc } }")}`;
  const fetched = graph.products.requests.length;
  for (const search of [
    `${registered}&${other}`,
    `${other}&documentId=${hash(REGISTERED)}`,
    `${other}&documentId=a&documentId=b`,
    `${other}&extensions=%7B%7D&extensions=%7B%7D`,
    `${other}&extensions=${encodeURIComponent('{"persistedQuery":null}')}`,
  ]) {
    for (const accept of ["application/json", "text/event-stream"]) {
      const response = await fetch(`${strict.url}/graphql?${search}`, { headers: { ...PREFLIGHTED, accept } });
      expect(response.status).toBe(400);
      await response.text();
    }
  }
  expect(graph.products.requests.length).toBe(fetched);
});

test("callers within the gateway run what they like", async () => {
  const { body } = await strict.post({ documentId: hash(REGISTERED), variables: { upc: "1" } });
  expect(body.errors).toBeUndefined();
  const result = await strict.executor.execute({
    query: "{ topProducts { upc } }",
    context: anonymousContext(),
  });
  expect(result.errors).toBeUndefined();
});

test("the page of numbers says which client ran which operation, from where its document came, and what was refused", async () => {
  const headers = { "apollographql-client-name": "shop-window", "apollographql-client-version": "7.1" };
  await strict.post({ documentId: hash(REGISTERED), variables: { upc: "1" } }, headers);
  await strict.post({ query: "{ other }" }, headers);
  const text = await metrics(strict);
  expect(text).toContain('tributary_operations_by_client_total{client="shop-window",version="7.1"} 1\n');
  expect(text).toMatch(/tributary_operations_by_name_total\{operation="Couch"\} \d+\n/);
  expect(text).toMatch(/tributary_operations_total\{document="trusted"\} \d+\n/);
  expect(text).toMatch(/tributary_operations_refused_total\{code="QUERY_NOT_IN_SAFELIST"\} \d+\n/);
});

test("a gateway that shall run registered operations only does not start without any", async () => {
  const started = startStandalone(graph.supergraphSdl, { TRUSTED_DOCUMENTS: "only" });
  await expect(started).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});
