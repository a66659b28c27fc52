// How long callers wait for a subgraph that hangs, with the settings as they come: the real ten seconds, waited for
// once, by all tests together.
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { parseConfig } from "../../../platform/config/parse-config.ts";
import { gatewaySettings } from "../../../platform/config/settings.ts";
import { startStopwatch } from "../../support/stopwatch.ts";
import { waitWithin } from "../../support/wait.ts";
import { startInventedGraph } from "./invented-graph.ts";
import { startStandalone } from "./standalone-gateway.ts";

const DEADLINE_MS = 10_000;
/** Of a read: then it is sent again. */
const ATTEMPT_MS = 4_000;
/** What the gateway itself may take of it. */
const SLACK_MS = 2_000;
/** Between the answer and the end of the last request to the subgraph. */
const ABORT_MS = 1_000;

test("a call with all its attempts and a request with all its calls have ten seconds each unless settings say otherwise [GW-13]", () => {
  const defaults = parseConfig(z.object(gatewaySettings), { CURSOR_SECRET: "c".repeat(32) });
  expect(defaults).toMatchObject({
    SUBGRAPH_TIMEOUT_MS: DEADLINE_MS,
    SUBGRAPH_ATTEMPT_MS: ATTEMPT_MS,
    REQUEST_TIMEOUT_MS: DEADLINE_MS,
  });
});

describe.concurrent("a subgraph that hangs", () => {
  test("costs a query its own fields within ten seconds, others arrive, and every request to it is aborted [GW-13]", async () => {
    await using graph = await startInventedGraph();
    await using gateway = await startStandalone(graph.supergraphSdl);
    graph.reviews.behaviour = "hang";
    const before = performance.now();
    const stopwatch = startStopwatch();
    const { status, body } = await gateway.post({
      query: "{ topProducts { name reviews { body } } latestReview { body } }",
    });
    const [took, tookAwake] = [performance.now() - before, stopwatch.ms()];
    stopwatch.stop();
    // It is waited for twice at least.
    expect(took).toBeGreaterThan(2 * ATTEMPT_MS);
    expect(tookAwake).toBeLessThan(DEADLINE_MS + SLACK_MS);
    expect(status).toBe(200);
    expect(body.data).toEqual({
      topProducts: [
        { name: "Table", reviews: null },
        { name: "Couch", reviews: null },
      ],
      latestReview: null,
    });
    for (const { extensions } of body.errors ?? []) expect(extensions["code"]).toBe("SERVICE_UNAVAILABLE");
    expect(body.errors).not.toHaveLength(0);
    const { reviews } = graph;
    await waitWithin(ABORT_MS, () => reviews.aborted === reviews.requests.length, { what: "the aborts" });
  });

  test("has the whole ten seconds for a command, which is not sent twice, and is then given up [GW-13]", async () => {
    await using graph = await startInventedGraph();
    await using gateway = await startStandalone(graph.supergraphSdl);
    graph.products.behaviour = "hang";
    const before = performance.now();
    const stopwatch = startStopwatch();
    const { status, body } = await gateway.post({ query: 'mutation { rename(upc: "1", name: "Desk") { name } }' });
    const [took, tookAwake] = [performance.now() - before, stopwatch.ms()];
    stopwatch.stop();
    expect(took).toBeGreaterThan(DEADLINE_MS - SLACK_MS);
    expect(tookAwake).toBeLessThan(DEADLINE_MS + SLACK_MS);
    expect(status).toBe(200);
    expect(body).toMatchObject({ data: { rename: null }, errors: [{ extensions: { code: "SERVICE_UNAVAILABLE" } }] });
    const { products } = graph;
    expect(products.requests).toHaveLength(1);
    // Without what the gateway itself took before.
    const timeoutMs = Number(products.requests[0]?.["x-tributary-timeout-ms"]);
    expect(timeoutMs).toBeGreaterThan(DEADLINE_MS - SLACK_MS);
    expect(timeoutMs).toBeLessThanOrEqual(DEADLINE_MS);
    await waitWithin(ABORT_MS, () => products.aborted === 1, { what: "the abort" });
  });
});
