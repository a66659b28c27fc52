import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { anonymousContext } from "../../support/anonymous-context.ts";
import { type InventedGraph, startInventedGraph } from "./invented-graph.ts";
import { type RunningGateway, startStandalone } from "./standalone-gateway.ts";

let graph: InventedGraph;
let gateway: RunningGateway;

beforeAll(async () => {
  graph = await startInventedGraph();
  gateway = await startStandalone(graph.supergraphSdl, { MAX_COST: 100 });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await graph[Symbol.asyncDispose]();
});

const answerSchema = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.object({ message: z.string(), extensions: z.record(z.string(), z.unknown()) })).optional(),
  extensions: z.object({ cost: z.object({ estimated: z.number(), maximum: z.number() }).optional() }).optional(),
});

async function ask(query: string, variables: Readonly<Record<string, unknown>> = {}, at = gateway) {
  const response = await fetch(`${at.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, ...answerSchema.parse(await response.json()) };
}

const TOP = "query ($n: Int) { topProducts(first: $n) { name } }";

test("every answer tells what its operation was estimated to cost, asked once or again [GW-03]", async () => {
  for (const _ of [1, 2]) {
    expect((await ask(TOP)).extensions).toEqual({ cost: { estimated: 5, maximum: 100 } });
    expect((await ask(TOP, { n: 40 })).extensions).toEqual({ cost: { estimated: 40, maximum: 100 } });
  }
  const failed = await ask("{ broken }");
  expect(failed.errors).toHaveLength(1);
  expect(failed.extensions?.cost?.estimated).toBe(0);
  const command = await ask('mutation { rename(upc: "1", name: "Table") { name } }');
  expect(command.extensions?.cost?.estimated).toBe(11);
});

test("what could cost too much is refused with both figures, and no subgraph hears of it [GW-02] [GW-03]", async () => {
  const before = graph.products.requests.length + graph.reviews.requests.length;
  for (const [query, variables, estimated] of [
    [TOP, { n: 101 }, 101],
    ["{ topProducts(first: 9) { related { related { name } } } }", {}, 9 * (1 + 10 * (1 + 10))],
    ["query ($no: Boolean = false) { topProducts(first: 101) @include(if: $no) { name } }", {}, 101],
    ["{ ...F ...F } fragment F on Query { topProducts(first: 60) { name } }", {}, 120],
  ] as const) {
    const { status, data, errors, extensions } = await ask(query, variables);
    expect(status).toBe(400);
    expect(data).toBeUndefined();
    expect(errors?.[0]?.extensions).toMatchObject({
      code: "COST_ESTIMATED_TOO_EXPENSIVE",
      status: 400,
      retryable: false,
      estimated,
      maximum: 100,
    });
    expect(extensions).toBeUndefined();
  }
  expect(graph.products.requests.length + graph.reviews.requests.length).toBe(before);
});

test("operations over sockets have the same costs, and are refused alike [GW-03]", async () => {
  const run = (n: number) =>
    gateway.executor.execute({
      query: TOP,
      variables: { n },
      context: anonymousContext(),
    });
  const answer = await run(40);
  expect(answer.extensions).toEqual({ cost: { estimated: 40, maximum: 100 } });
  // Objects, not their text: callers within the gateway read them.
  expect(answer.data).toEqual({ topProducts: [{ name: "Table" }, { name: "Couch" }] });
  const { data, errors } = await run(101);
  expect(data).toBeUndefined();
  expect(errors?.[0]?.extensions).toMatchObject({ code: "COST_ESTIMATED_TOO_EXPENSIVE", estimated: 101, maximum: 100 });
});

test("the stock executor has the same costs", async () => {
  await using stock = await startStandalone(graph.supergraphSdl, { MAX_COST: 100, EXECUTOR: "apollo" });
  expect((await ask(TOP, { n: 40 }, stock)).extensions).toEqual({ cost: { estimated: 40, maximum: 100 } });
  expect((await ask(TOP, { n: 101 }, stock)).status).toBe(400);
});
