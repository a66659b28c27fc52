// The stages of a request as OpenTelemetry sees them, with the SDK's own exporter in memory.
import { SpanStatusCode, trace } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  SimpleSpanProcessor,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { newTrace } from "../../../platform/tracing/trace-context.ts";
import { waitFor } from "../../support/wait.ts";
import { type InventedGraph, startInventedGraph } from "./invented-graph.ts";
import { type RunningGateway, startStandalone } from "./standalone-gateway.ts";

const ALL = [
  "validation",
  "sanitisation",
  "parsing",
  "transformation",
  "enrichment",
  "business logic",
  "formatting",
  "output",
];
const RENAME = 'mutation { rename(upc: "1", name: "Desk") { name } }';

let sampled = true;
const sampler: Sampler = {
  shouldSample: () => ({ decision: sampled ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD }),
  toString: () => "chosen by the test",
};
const exporter = new InMemorySpanExporter();
/** What began and ended, in its order: the SDK's times of a span are not all from one clock. */
const happened: { readonly traceId: string; readonly what: string }[] = [];
const order: SpanProcessor = {
  onStart: (span) => void happened.push({ traceId: span.spanContext().traceId, what: `begin ${span.name}` }),
  onEnd: (span) => void happened.push({ traceId: span.spanContext().traceId, what: `end ${span.name}` }),
  forceFlush: async () => {},
  shutdown: async () => {},
};
let graph: InventedGraph;
let gateway: RunningGateway;

beforeAll(async () => {
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ sampler, spanProcessors: [order, new SimpleSpanProcessor(exporter)] }),
  );
  graph = await startInventedGraph();
  gateway = await startStandalone(graph.supergraphSdl, { SUBGRAPH_RETRIES: [] });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await graph?.[Symbol.asyncDispose]();
  trace.disable();
});
beforeEach(() => {
  graph.products.behaviour = "answer";
  graph.reviews.behaviour = "answer";
});

/** The spans of one request, in the order in which they ended, once the last of them has. */
async function stagesOf(body: unknown, last: string): Promise<ReadableSpan[]> {
  const { traceId, spanId } = newTrace();
  await gateway.post(body, { traceparent: `00-${traceId}-${spanId}-01` });
  const own = () => exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
  await waitFor(() => own().at(-1)?.name === last, { what: `the end of ${last}` });
  const spans = own();
  expect(new Set(spans.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([spanId]));
  return spans;
}

const names = (spans: readonly ReadableSpan[]) => spans.map(({ name }) => name);

test("a mutation passes eight stages in their order, each ended before the next begins, as children of its caller's span [S20]", async () => {
  const spans = await stagesOf({ query: RENAME }, "output");
  expect(names(spans)).toEqual(ALL);
  for (const { status } of spans) expect(status.code).toBe(SpanStatusCode.UNSET);
  const own = happened.filter(({ traceId }) => traceId === spans[0]?.spanContext().traceId);
  expect(own.map(({ what }) => what)).toEqual(ALL.flatMap((name) => [`begin ${name}`, `end ${name}`]));
});

test("a query that asks several subgraphs one after another passes each stage once", async () => {
  const spans = await stagesOf({ query: "{ topProducts { name reviews { body } } }" }, "output");
  expect(names(spans)).toEqual(ALL);
});

test("a stage that fails says why, and no later one is begun [S20]", async () => {
  const renames = graph.renames();
  const cases = [
    { stage: "validation", body: { extensions: { persistedQuery: { version: 1, sha256Hash: "0".repeat(64) } } } },
    { stage: "parsing", body: { query: "mutation { rename(" } },
    { stage: "parsing", body: { query: 'mutation { rename(upc: "1") { colour } }' } },
    {
      stage: "transformation",
      body: { query: 'mutation($upc: ID!) { rename(upc: $upc, name: "Desk") { name } }', variables: {} },
    },
  ];
  for (const { stage, body } of cases) {
    const spans = await stagesOf(body, stage);
    expect(names(spans), JSON.stringify(body)).toEqual(ALL.slice(0, ALL.indexOf(stage) + 1));
    expect(spans.at(-1)?.status.code).toBe(SpanStatusCode.ERROR);
    expect(spans.at(-1)?.events).toMatchObject([{ name: "exception" }]);
  }
  expect(graph.renames()).toBe(renames);

  graph.products.behaviour = "refuse";
  const spans = await stagesOf({ query: RENAME }, "business logic");
  expect(names(spans)).toEqual(ALL.slice(0, 6));
  expect(spans.at(-1)?.status).toMatchObject({
    code: SpanStatusCode.ERROR,
    message: expect.stringContaining("products part of the platform does not answer"),
  });
});

test("a part that is missing is noted where it happened, and the rest is answered", async () => {
  graph.reviews.behaviour = "refuse";
  const spans = await stagesOf({ query: "{ topProducts { name reviews { body } } }" }, "output");
  expect(names(spans)).toEqual(ALL);
  const work = spans.find(({ name }) => name === "business logic");
  expect(work?.events.map(({ name }) => name)).toContain("exception");
  expect(work?.status.code).toBe(SpanStatusCode.UNSET);
});

test("a request that nobody samples has no stages at all", async () => {
  const before = happened.length;
  sampled = false;
  try {
    await gateway.post({ query: RENAME });
  } finally {
    sampled = true;
  }
  expect(happened).toHaveLength(before);
});
