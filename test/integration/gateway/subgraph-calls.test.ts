// How the gateway calls subgraphs over real connections: deadlines, repeated attempts, breakers, and what goes with a
// call.
import { request } from "node:http";
import { expect, test } from "vitest";
import { waitFor, waitWithin } from "../../support/wait.ts";
import { startInventedGraph } from "./invented-graph.ts";
import { type RunningGateway, startStandalone } from "./standalone-gateway.ts";

const NAMES = { query: "{ topProducts { name } }" };
const REVIEWS = { query: "{ latestReview { body } }" };
const STATES = ["CLOSED", "HALF_OPEN", "OPEN"];

async function metric(gateway: RunningGateway, name: string, subgraph: string): Promise<number> {
  const page = await (await fetch(`${gateway.url}/metrics`)).text();
  const found = new RegExp(
    `^tributary_subgraph_${name}\\{subgraph="${subgraph}",target="given-1"\\} (\\S+)$`,
    "m",
  ).exec(page);
  if (found?.[1] === undefined) throw new Error(`no ${name} of ${subgraph} in ${page}`);
  return Number(found[1]);
}

test("a request is answered at its deadline with what has come, though each of its calls has more time [GW-13]", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl, {
    REQUEST_TIMEOUT_MS: 500,
    SUBGRAPH_TIMEOUT_MS: 60_000,
    SUBGRAPH_ATTEMPT_MS: 60_000,
  });
  graph.reviews.behaviour = "hang";
  const before = performance.now();
  const { status, body } = await gateway.post({ query: "{ topProducts { name reviews { body } } }" });
  // Each call alone may take a minute.
  expect(performance.now() - before).toBeLessThan(30_000);
  expect(status).toBe(200);
  expect(body.data).toEqual({
    topProducts: [
      { name: "Table", reviews: null },
      { name: "Couch", reviews: null },
    ],
  });
  expect(body.errors?.[0]?.extensions["code"]).toBe("SERVICE_UNAVAILABLE");
  await waitWithin(1_000, () => graph.reviews.aborted === 1, { what: "the abort of the upstream request" });
});

test("a query outlives a short outage, a command is not sent twice [S62]", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl, { SUBGRAPH_RETRIES: [400] });
  graph.reviews.behaviour = "refuse";
  const answer = gateway.post(REVIEWS);
  // What a cut connection took with it is written to another one at once: that is the same attempt.
  await waitFor(() => graph.reviews.requests.length === 2, { what: "the first attempt" });
  graph.reviews.behaviour = "answer";
  expect((await answer).body).toEqual({ data: { latestReview: { body: "Sturdy" } } });
  expect(await metric(gateway, "retries_total", "reviews")).toBe(1);

  graph.products.behaviour = "refuse";
  const { body } = await gateway.post({ query: 'mutation { rename(upc: "1", name: "Desk") { name } }' });
  expect(body.errors).toMatchObject([{ extensions: { code: "SERVICE_UNAVAILABLE" } }]);
  expect(graph.products.requests).toHaveLength(1);
});

test("the state of a breaker follows an outage, and while it is open nobody is asked [S64] [S65]", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl, {
    SUBGRAPH_RETRIES: [],
    SUBGRAPH_BREAKER_CALLS: 3,
    SUBGRAPH_BREAKER_OPEN_MS: 400,
    SUBGRAPH_BREAKER_PROBES: 2,
  });
  const state = async () => STATES[await metric(gateway, "breaker_state", "reviews")];
  const ask = async () => ((await gateway.post(REVIEWS)).body.errors === undefined ? "answered" : "failed");
  expect([await ask(), await state()]).toEqual(["answered", "CLOSED"]);
  graph.reviews.behaviour = "refuse";
  await ask();
  await ask();
  expect(await state()).toBe("OPEN");
  const asked = graph.reviews.requests.length;
  expect(await ask()).toBe("failed");
  expect(graph.reviews.requests).toHaveLength(asked);
  // Other subgraphs have breakers of their own.
  expect((await gateway.post(NAMES)).body.errors).toBeUndefined();

  graph.reviews.behaviour = "answer";
  await waitFor(async () => (await ask()) === "answered", { what: "the first trial" });
  expect(await state()).toBe("HALF_OPEN");
  expect([await ask(), await state()]).toEqual(["answered", "CLOSED"]);
  expect(await metric(gateway, "breaker_opened_total", "reviews")).toBe(1);
});

test("a call says how long it is waited for and which program asks, and passes on no identity that a client claims", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl);
  const claimed = {
    "x-tributary-identity": "forged",
    "x-tributary-timeout-ms": "1",
    "apollographql-client-name": "shop",
    "apollographql-client-version": "7",
    authorization: "Bearer own",
    connection: "authorization",
  };
  // By node's own client, since fetch refuses to name headers of its connection.
  await new Promise((resolve, reject) => {
    const sent = request(`${gateway.url}/graphql`, {
      method: "POST",
      headers: { ...claimed, "content-type": "application/json" },
    });
    sent.on("response", (response) => response.resume().on("end", resolve));
    sent.on("error", reject);
    sent.end(JSON.stringify(NAMES));
  });
  const [headers] = graph.products.requests;
  expect(headers).toMatchObject({
    "x-tributary-timeout-ms": "4000",
    "apollographql-client-name": "shop",
    "apollographql-client-version": "7",
    traceparent: expect.stringMatching(/^00-/),
  });
  expect(headers).not.toHaveProperty("x-tributary-identity");
  expect(headers).not.toHaveProperty("authorization");
});

test("under load there are no more connections than the pool allows, and calls wait for one instead [S69]", async () => {
  await using graph = await startInventedGraph();
  await using gateway = await startStandalone(graph.supergraphSdl);
  // Each its own: equal questions would be one.
  const answers = await Promise.all(
    Array.from({ length: 600 }, (_, index) => gateway.post({ query: `{ topProducts(first: ${index + 1}) { upc } }` })),
  );
  expect(answers.filter(({ body }) => body.errors !== undefined)).toEqual([]);
  const [open, size] = [
    await metric(gateway, "pool_sockets", "products"),
    await metric(gateway, "pool_size", "products"),
  ];
  expect(open).toBeGreaterThan(0);
  expect(open).toBeLessThanOrEqual(size);
  expect(await metric(gateway, "in_flight", "products")).toBe(0);
});
