// What is wrong with a subgraph's answer by the schema: somebody else's graph is told why a value is null, ours is told
// an errorId whose log line says it.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { forwardedHeaders } from "../../../gateway/transport/subgraph-headers.ts";
import { MASKED_MESSAGE } from "../../../platform/errors/graphql-errors.ts";
import { createLogger } from "../../../platform/logger/logger.ts";
import { connect } from "./live/socket-client.ts";
import { startSignedInGateway } from "./signed-in-gateway.ts";
import { startStandalone } from "./standalone-gateway.ts";
import { startScriptedGraph } from "./transports/scripted-graph.ts";

const SHOP = `type Query { kept: String count: Int size: Size flag: Boolean names: [String!] must: String! item: Item items: [Item] }
  enum Size { SMALL LARGE } type Item @key(fields: "id") { id: ID! }`;
const STOCK = `type Item @key(fields: "id") { id: ID! stock: Int! }`;

const KEPT = '"kept":"kept"';
const ITEM = '{"__typename":"Item","id":"1"}';
const CASES: readonly [
  query: string,
  shop: string,
  stock: string,
  reason: string,
  path: readonly (string | number)[],
][] = [
  ["{ kept count }", `{${KEPT},"count":"many"}`, "", 'Invalid value found for a field of type Int: "many".', ["count"]],
  [
    "{ kept count }",
    `{${KEPT},"count":2147483648}`,
    "",
    "Invalid value found for a field of type Int: 2147483648.",
    ["count"],
  ],
  ["{ kept s: size }", `{${KEPT},"size":"HUGE"}`, "", 'Invalid value found for a field of type Size: "HUGE".', ["s"]],
  ["{ kept flag }", `{${KEPT},"flag":"yes"}`, "", 'Invalid value found for a field of type Boolean: "yes".', ["flag"]],
  [
    "{ kept names }",
    `{${KEPT},"names":["a",null]}`,
    "",
    "Cannot return null for non-nullable array element of type String at index 1.",
    ["names", 1],
  ],
  ["{ kept names }", `{${KEPT},"names":"a"}`, "", 'Invalid value found for a list of String: "a".', ["names"]],
  ["{ kept must }", `{${KEPT}}`, "", "Cannot return null for non-nullable field Query.must.", ["must"]],
  [
    "{ kept item { stock } }",
    `{${KEPT},"item":${ITEM}}`,
    '{"_entities":[{"stock":null}]}',
    "Cannot return null for non-nullable field Item.stock.",
    ["item", "stock"],
  ],
  [
    "{ kept items { stock } }",
    `{${KEPT},"items":[${ITEM}]}`,
    '{"_entities":[]}',
    'Expected "data._entities" in response to be an array of 1 elements',
    ["items", 0, "stock"],
  ],
];

const requestSchema = z.object({ query: z.string() });

/** Subgraphs answer under the names that the gateway gave. */
function scripted(data: string) {
  return (body: string) => {
    const { query } = requestSchema.parse(JSON.parse(body));
    const named = data.replaceAll(/"([a-z_]\w*)":/g, (whole, name: string) => {
      const alias = new RegExp(`(\\w+): ?${name}\\b`).exec(query)?.[1];
      return alias === undefined ? whole : `"${alias}":`;
    });
    return `{"data":${named}}`;
  };
}

async function graphOf(shop: string, stock: string) {
  return startScriptedGraph({
    shop: { sdl: SHOP, answer: scripted(shop) },
    stock: { sdl: STOCK, answer: scripted(stock) },
  });
}

test.each(CASES)("a standalone gateway says why a part of %s of %s %s is missing", async (...given) => {
  const [query, shop, stock, reason, path] = given;
  await using graph = await graphOf(shop, stock);
  await using gateway = await startStandalone(graph.supergraphSdl, { SUBGRAPH_RETRIES: [] });
  const { status, body } = await gateway.post({ query });
  expect(status).toBe(200);
  expect(body.errors).toEqual([
    {
      message: reason,
      path,
      extensions: { code: "DOWNSTREAM_SERVICE_ERROR", status: 502, retryable: false, traceId: expect.any(String) },
    },
  ]);

  const client = await connect(`${gateway.url.replace("http", "ws")}/graphql`);
  await client.init();
  client.send({ id: "a", type: "subscribe", payload: { query } });
  const [next] = await client.take("next", "a");
  expect(next?.payload.errors).toMatchObject([{ message: reason, path }]);
  client.close();
  const logged = gateway.log.filter((line) => line.includes("not what the schema says"));
  expect(logged).toHaveLength(2);
});

test.each(CASES)("the platform's gateway keeps why a part of %s of %s %s is missing", async (...given) => {
  const [query, shop, stock, reason, path] = given;
  await using graph = await graphOf(shop, stock);
  const folder = await mkdtemp(join(tmpdir(), "tributary-wrong-answers-"));
  const SUPERGRAPH_FILE = join(folder, "supergraph.graphql");
  await writeFile(SUPERGRAPH_FILE, graph.supergraphSdl);
  const log: string[] = [];
  const destination = { write: (line: string) => void log.push(line) };
  const gateway = await startSignedInGateway({
    settings: { SUPERGRAPH_FILE, SUBGRAPH_RETRIES: [] },
    logger: createLogger({ name: "wrong-answers", level: "info", destination }),
    headers: forwardedHeaders,
    authenticate: async () => ({ identity: { kind: "ANONYMOUS" } }),
  });
  const { body } = await gateway.post({ query });
  expect(body.errors).toEqual([
    {
      message: MASKED_MESSAGE,
      path,
      extensions: {
        code: "INTERNAL_SERVER_ERROR",
        status: 500,
        retryable: false,
        traceId: expect.any(String),
        errorId: expect.any(String),
      },
    },
  ]);
  const { errorId } = body.errors?.[0]?.extensions ?? {};
  const lines = log
    .map((line): Record<string, unknown> => JSON.parse(line))
    .filter((line) => line["errorId"] === errorId);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ err: { message: expect.stringContaining(reason) } });
  await gateway.stop();
  await rm(folder, { recursive: true, force: true });
});
