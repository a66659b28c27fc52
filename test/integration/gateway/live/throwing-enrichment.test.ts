// What a subgraph or an event does wrong reaches the client as an error in that event: nothing is lost, nothing
// overtakes, and no other stream waits. The people of the shop live behind HTTP here, at a server that answers whatever
// a test wants.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { callPolicy } from "../../../../gateway/transport/call-policy.ts";
import { createDataSources } from "../../../../gateway/transport/data-sources.ts";
import { createSubgraphClients, type SubgraphClients } from "../../../../gateway/transport/subgraph-clients.ts";
import { forwardedHeaders } from "../../../../gateway/transport/subgraph-headers.ts";
import { subgraphCallSettings } from "../../../../platform/config/service-settings.ts";
import { startStopwatch } from "../../../support/stopwatch.ts";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, type LiveStack, viewer } from "./live-stack.ts";
import { composeShop, generationOf, LIVE_LINK, ORDERS_LIVE } from "./shop-graph.ts";
import { connect, type Message } from "./socket-client.ts";
import { liveStackOfFile } from "./stack-of-file.ts";

interface Asked {
  readonly representations: readonly { readonly id: string }[];
}

type Answer = (response: ServerResponse, asked: Asked) => void;

const [PEOPLE, ORDERS] = ["people", "orders"] as const;
const TIMEOUT_MS = 200;
/** An enrichment may take a few rounds of requests; then its event goes out without what is missing. */
const LATEST_MS = TIMEOUT_MS * 3;
const QUERY = `subscription($shop: ID) {
  orderEvents(shop: $shop) {
    sequence type actor { name } event { __typename ... on OrderPlaced { color price { minor parts { label } } } }
  }
}`;

const world = liveStackOfFile({ settings: { SUBGRAPH_TIMEOUT_MS: TIMEOUT_MS } });
let clients: SubgraphClients;
let answer: Answer;
let requests: { readonly asked: Asked; closed: boolean }[] = [];
let shops = 0;
let shop = "";

const json = (response: ServerResponse, body: unknown) =>
  void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
const text = (response: ServerResponse, body: string, status = 200) =>
  void response.writeHead(status, { "content-type": "text/html" }).end(body);
const wellBehaved: Answer = (response, { representations }) =>
  json(response, { data: { _entities: representations.map(({ id }) => ({ name: `name of ${id}` })) } });

const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => {
    const asked: Asked = JSON.parse(body).variables;
    const kept = { asked, closed: false };
    requests.push(kept);
    response.on("close", () => {
      kept.closed = true;
    });
    answer(response, asked);
  });
});

beforeAll(async () => {
  // An order is an entity that may be missing, as in the platform's live fields.
  world.stack.reload(
    generationOf(composeShop(LIVE_LINK + ORDERS_LIVE.replaceAll("order: Order!", "order: Order")), "nullable"),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  clients = createSubgraphClients({
    headers: forwardedHeaders,
    timeoutMs: TIMEOUT_MS,
    policyOf: (subgraph) => callPolicy(z.object(subgraphCallSettings).parse({}), subgraph),
    endpoints: new Map(),
    urls: new Map(),
    trustMessages: false,
  });
  world.stack.shop.dataSources[PEOPLE] = createDataSources(clients).open("people", `http://127.0.0.1:${port}/graphql`);
});

beforeEach(() => {
  answer = wellBehaved;
  requests = [];
  shops += 1;
  shop = `faulty-${shops}`;
});

let kept: LiveStack["shop"]["dataSources"] = {};
beforeEach(() => {
  kept = { ...world.stack.shop.dataSources };
});
afterEach(() => {
  Object.assign(world.stack.shop.dataSources, kept);
});

afterAll(async () => {
  clients?.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function follow(key: string, query = QUERY) {
  world.stack.viewers.set(key, viewer(`user of ${key}`, { [key]: ["orders.read"] }));
  const client = await connect(world.stack.url);
  await client.init(key);
  await client.subscribe("a", query, { variables: { shop: key } });
  return client;
}

const messageOf = ({ payload }: Message) => payload.data?.orderEvents;
const RECORD = { __typename: "OrderPlaced", color: null, price: { minor: "100", parts: [{ label: "a" }] } };

test.each<[string, Answer]>([
  [
    "answers an error",
    (response) => json(response, { data: null, errors: [{ message: "SELECT secret FROM people" }] }),
  ],
  ["answers an error without a message", (response) => json(response, { errors: [{}] })],
  ["answers HTTP 500 in HTML", (response) => text(response, "<html>secret</html>", 500)],
  ["answers no JSON", (response) => text(response, "{ secret")],
  [
    "answers half of its JSON and goes",
    (response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"data":{"_entities":[{"name":"sec', () => response.destroy());
    },
  ],
  ["goes without an answer", (response) => void response.destroy()],
  ["never answers", () => undefined],
  ["answers a list", (response) => json(response, [])],
  ["answers null", (response) => json(response, null)],
  ["answers neither data nor errors", (response) => json(response, {})],
  ["answers errors that are no list", (response) => json(response, { data: null, errors: "secret" })],
  ["answers entities that are no list", (response) => json(response, { data: { _entities: "secret" } })],
  ["answers too few entities", (response) => json(response, { data: { _entities: [] } })],
  ["answers too many entities", (response) => json(response, { data: { _entities: [{ name: "a" }, { name: "b" }] } })],
  ["answers an entity of the wrong kind", (response) => json(response, { data: { _entities: ["secret"] } })],
  ["answers an entity without its field", (response) => json(response, { data: { _entities: [{}] } })],
  [
    "answers a field of the wrong type",
    (response) => json(response, { data: { _entities: [{ name: { secret: 1 } }] } }),
  ],
])("a subgraph that %s leaves the event's own facts, says so, and takes no later event with it", async (_, fault) => {
  const client = await follow(shop);
  const writer = eventWriter(world.log, shop);
  answer = fault;
  await writer.append(1);
  const [broken] = await client.take("next", "a");
  expect(broken && messageOf(broken)).toEqual({
    sequence: "1",
    type: "orders.order.placed.v1",
    actor: null,
    event: RECORD,
  });
  expect(broken?.payload.errors).toHaveLength(1);
  const [error] = broken?.payload.errors ?? [];
  expect(error.extensions).toMatchObject({ code: expect.any(String), traceId: expect.any(String) });
  // An error that the subgraph gave no place, or that is about its whole answer, has none here either.
  if (error.path !== undefined) expect(error.path.slice(0, 2)).toEqual(["orderEvents", "actor"]);
  expect(JSON.stringify(broken?.payload)).not.toContain("secret");
  answer = wellBehaved;
  await writer.append(2);
  const frames = await client.take("next", "a", 3);
  expect(frames.map((frame) => messageOf(frame).sequence)).toEqual(["1", "2", "3"]);
  for (const { payload } of frames.slice(1)) {
    expect(payload.data.orderEvents.actor).toEqual({ name: "name of actor-1" });
    expect(payload.errors).toBeUndefined();
  }
  client.close();
});

test.each([
  [
    "throws at once",
    () => {
      throw new Error("secret");
    },
  ],
  ["rejects", () => Promise.reject(new Error("secret"))],
  ["rejects with nothing", () => Promise.reject(undefined)],
  ["answers nothing", () => Promise.resolve(undefined as never)],
  ["never settles", () => new Promise<never>(() => undefined)],
])("a data source that %s is an error in its event, and the stream goes on", async (_, process) => {
  const client = await follow(shop);
  const writer = eventWriter(world.log, shop);
  world.stack.shop.dataSources[PEOPLE] = { process };
  await writer.append(1);
  const [broken] = await client.take("next", "a");
  expect(broken?.payload.errors.length).toBeGreaterThan(0);
  expect(JSON.stringify(broken?.payload)).not.toContain("secret");
  Object.assign(world.stack.shop.dataSources, kept);
  await writer.append(2);
  const [, ...later] = await client.take("next", "a", 3);
  expect(later.map((frame) => messageOf(frame))).toEqual(
    ["2", "3"].map((sequence) => expect.objectContaining({ sequence, actor: { name: "name of actor-1" } })),
  );
  client.close();
});

test("events behind one whose enrichment hangs wait for it, for a bounded time, and come in order", async () => {
  const client = await follow(shop);
  const writer = eventWriter(world.log, shop);
  answer = () => undefined;
  const stopwatch = startStopwatch();
  await writer.append(1);
  await waitFor(() => requests.length > 0, { what: "the request that hangs" });
  answer = wellBehaved;
  await writer.append(3);
  const frames = await client.take("next", "a", 4);
  // What hangs would hang for ever.
  expect(stopwatch.ms()).toBeLessThan(LATEST_MS + 2_000);
  stopwatch.stop();
  expect(frames.map((frame) => messageOf(frame).sequence)).toEqual(["1", "2", "3", "4"]);
  expect(frames.map(({ payload }) => payload.errors === undefined)).toEqual([false, true, true, true]);
  // Nobody waits for it any more: it is given up, not left behind.
  await waitFor(() => requests[0]?.closed, { what: "the hanging request to be given up" });
  client.close();
});

test("a stream whose enrichment hangs holds up no other stream, not even of the same viewer", async () => {
  const other = `${shop}-other`;
  world.stack.viewers.set("both", viewer("both", { [shop]: ["orders.read"], [other]: ["orders.read"] }));
  const client = await connect(world.stack.url);
  await client.init("both");
  const query = `subscription($shop: ID) { orderEvents(shop: $shop) { sequence event { ... on OrderPlaced { order { id state } } } } }`;
  await client.subscribe("hanging", query, { variables: { shop } });
  await client.subscribe("free", query, { variables: { shop: other } });
  const real = world.stack.shop.dataSources[ORDERS];
  let hanging = 0;
  world.stack.shop.dataSources[ORDERS] = {
    process(options) {
      if (!JSON.stringify(options.request.variables).includes("stuck"))
        return real?.process(options) ?? Promise.reject();
      hanging += 1;
      return new Promise(() => undefined);
    },
  };
  await eventWriter(world.log, shop).append(1, undefined, { orderId: "stuck" });
  await waitFor(() => hanging > 0, { what: "an enrichment that hangs" });
  await eventWriter(world.log, other).append(5);
  const free = await client.take("next", "free", 5);
  expect(client.of("next", "hanging")).toEqual([]);
  expect(free.map((frame) => messageOf(frame).sequence)).toEqual(["1", "2", "3", "4", "5"]);
  expect(free.every(({ payload }) => payload.errors === undefined)).toBe(true);
  const [late] = await client.take("next", "hanging");
  expect(late?.payload.errors).toHaveLength(1);
  client.close();
});

test.each<[string, Record<string, unknown>, string[]]>([
  ["a fact that may be missing has the wrong type", { color: { red: 1 } }, ["orderEvents", "event", "color"]],
  ["a list is none", { price: { minor: "100", parts: "none" } }, ["orderEvents", "event", "price", "parts"]],
  ["an object is a text", { price: "100" }, ["orderEvents", "event", "price"]],
  ["a fact that must be there is missing", { price: undefined }, ["orderEvents", "event", "price"]],
])("an event in which %s is delivered with an error at its place, and the next one whole", async (_, data, path) => {
  const client = await follow(shop);
  const writer = eventWriter(world.log, shop);
  await writer.append(1, undefined, data);
  await writer.append(1);
  const [broken, whole] = await client.take("next", "a", 2);
  expect(broken?.payload.errors[0].path?.slice(0, path.length)).toEqual(path);
  expect(broken?.payload.errors[0].extensions.code).toEqual(expect.any(String));
  expect(broken?.payload.extensions.tributary.cursor).toEqual(expect.any(String));
  expect(whole && messageOf(whole)).toMatchObject({ sequence: "2", event: RECORD, actor: { name: "name of actor-1" } });
  expect(whole?.payload.errors).toBeUndefined();
  // Behind the broken one, not before it: it is not sent again.
  await client.subscribe("b", QUERY, { variables: { shop }, resume: broken?.payload.extensions.tributary.cursor });
  expect((await client.take("next", "b")).map((frame) => messageOf(frame).sequence)).toEqual(["2"]);
  client.close();
});
