// A viewer's own live subscriptions on one gateway: listed and closed one by one, over every transport.
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { UserId } from "../../../../platform/auth/principal-ids.ts";
import { namedId } from "../../../support/identities.ts";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, viewer } from "../live/live-stack.ts";
import { connect, type SocketClient } from "../live/socket-client.ts";
import { liveStackOfFile } from "../live/stack-of-file.ts";
import { read } from "../live/stream-stack.ts";
import { type StreamsGateway, startGateway } from "./gateways.ts";

const world = liveStackOfFile();
let gateway: StreamsGateway;

beforeAll(async () => {
  gateway = await startGateway(world.stack);
});

afterAll(async () => {
  await gateway?.stop();
});

const QUERY = "subscription Orders($shop: ID!) { orderEvents(shop: $shop) { sequence } }";
const ANONYMOUS = "subscription($shop: ID!) { orderEvents(shop: $shop) { sequence } }";

function member(shop: string, name = "member"): string {
  const token = `${name}-of-${shop}`;
  world.stack.viewers.set(token, viewer(userOf(shop, name), { [shop]: ["orders.read"] }));
  return token;
}

function userOf(shop: string, name = "member"): UserId {
  return namedId("usr", `${name}-${shop}`);
}

async function openSocket(token: string): Promise<SocketClient> {
  const socket = await connect(gateway.socketUrl, { headers: { "user-agent": "Test browser" } });
  onTestFinished(() => socket.close());
  await socket.init(token);
  return socket;
}

async function openStream(token: string, shop: string, format: "sse" | "multipart" = "sse") {
  const reader = await read(gateway.url, { query: QUERY, variables: { shop }, token, format });
  onTestFinished(() => reader.abort());
  await waitFor(() => reader.lastId !== undefined, { what: "the start of the stream" });
  return reader;
}

async function listed(token: string) {
  const { data, errors } = await gateway.list(token);
  expect(errors).toBeUndefined();
  return data?.liveSubscriptions ?? [];
}

test("a viewer lists their subscriptions over two sockets and two streams, and nobody else's [S105]", async () => {
  const shop = "own-1";
  const token = member(shop);
  const [one, two, others] = [
    await openSocket(token),
    await openSocket(token),
    await openSocket(member(shop, "other")),
  ];
  await one.subscribe("a", QUERY, { variables: { shop } });
  await two.subscribe("a", ANONYMOUS, { variables: { shop } });
  await others.subscribe("a", QUERY, { variables: { shop } });
  await openStream(token, shop);
  await openStream(token, shop, "multipart");
  const all = await listed(token);
  expect(all.map(({ transport, operationName }) => [transport, operationName])).toEqual([
    ["MULTIPART", "Orders"],
    ["SSE", "Orders"],
    ["WEBSOCKET", null],
    ["WEBSOCKET", "Orders"],
  ]);
  expect(all[3]).toEqual({
    id: expect.stringMatching(/^lsu_[0-9a-f-]{36}$/),
    operationName: "Orders",
    field: "orderEvents",
    organization: { id: shop },
    session: { id: namedId("ses", userOf(shop)) },
    transport: "WEBSOCKET",
    startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    ip: "127.0.0.1",
    userAgent: "Test browser",
    deliveredCount: "0",
    current: true,
  });
  expect(await listed(member(shop, "other"))).toHaveLength(1);
  expect((await gateway.list()).data?.liveSubscriptions).toEqual([]);
});

test("what was delivered is counted for each subscription", async () => {
  const shop = "own-2";
  const token = member(shop);
  const socket = await openSocket(token);
  await socket.subscribe("a", QUERY, { variables: { shop } });
  const writer = eventWriter(world.log, shop);
  await writer.append(2);
  await socket.take("next", "a", 2);
  await socket.subscribe("b", QUERY, { variables: { shop } });
  await writer.append(1);
  await socket.take("next", "b");
  expect((await listed(token)).map(({ deliveredCount }) => deliveredCount)).toEqual(["1", "3"]);
});

test("closing ends exactly that subscription, with a code that says who did it [S105]", async () => {
  const shop = "own-3";
  const token = member(shop);
  const socket = await openSocket(token);
  for (const id of ["a", "b", "c"]) await socket.subscribe(id, QUERY, { variables: { shop } });
  const [, middle = ""] = await gateway.ids(token);
  expect((await gateway.close(token, middle)).data).toEqual({
    liveSubscriptionClose: { closedId: middle, userErrors: [] },
  });
  const [error] = await socket.take("error", "b");
  expect(error?.payload[0].extensions).toMatchObject({ code: "CLOSED_BY_VIEWER", status: 410, retryable: false });
  await eventWriter(world.log, shop).append(1);
  await Promise.all(["a", "c"].map((id) => socket.take("next", id)));
  expect(socket.of("next", "b")).toEqual([]);
  expect(await gateway.ids(token)).toHaveLength(2);
  // The id is free again.
  await socket.subscribe("b", QUERY, { variables: { shop } });
  await waitFor(async () => (await gateway.ids(token)).length === 3, { what: "three subscriptions" });
});

test.each(["sse", "multipart"] as const)("closing ends a stream over %s with the code and its end", async (format) => {
  const shop = `own-4-${format}`;
  const token = member(shop);
  const reader = await openStream(token, shop, format);
  const [id = ""] = await gateway.ids(token);
  await gateway.close(token, id);
  await reader.whenEnded();
  expect(reader.text).toContain('"code":"CLOSED_BY_VIEWER"');
  expect(await gateway.ids(token)).toEqual([]);
});

test("a foreign id answers like one that does not exist, and ends nothing [MT-03]", async () => {
  const shop = "own-5";
  const token = member(shop);
  const socket = await openSocket(token);
  await socket.subscribe("a", QUERY, { variables: { shop } });
  const [id = ""] = await gateway.ids(token);
  const attacker = member(shop, "attacker");
  const refusal = { closedId: null, userErrors: [{ code: "NOT_FOUND", field: ["input", "id"], status: 404 }] };
  for (const tried of [id, id.replace(/.{4}$/, "0000"), "nonsense"]) {
    expect((await gateway.close(attacker, tried)).data?.liveSubscriptionClose).toEqual(refusal);
  }
  expect((await gateway.close(undefined, id)).errors?.[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED" });
  expect(await gateway.ids(token)).toEqual([id]);
});

test("however a subscription ends, it leaves the list", async () => {
  const shop = "own-6";
  const token = member(shop);
  const empty = () => waitFor(async () => (await gateway.ids(token)).length === 0, { what: "an empty list" });
  const socket = await openSocket(token);
  await socket.subscribe("a", QUERY, { variables: { shop } });
  socket.send({ id: "a", type: "complete" });
  await empty();
  await socket.subscribe("b", QUERY, { variables: { shop } });
  socket.socket.terminate();
  await empty();
  const reader = await openStream(token, shop);
  expect(await gateway.ids(token)).toHaveLength(1);
  reader.abort();
  await empty();
  const losing = await openSocket(token);
  await losing.subscribe("a", QUERY, { variables: { shop } });
  world.stack.viewers.set(token, viewer(userOf(shop), { [shop]: [] }));
  world.stack.revoke({ userId: userOf(shop) });
  await losing.take("error", "a");
  await empty();
});
