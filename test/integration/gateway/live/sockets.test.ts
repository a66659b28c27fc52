// Sockets: who may open one, and what closes it with which code.
import { connect as connectTcp } from "node:net";
import { beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { ALLOWED_ORIGIN, eventWriter, startLiveStack, viewer } from "./live-stack.ts";
import { connect, type SocketClient } from "./socket-client.ts";
import { liveStackOfFile } from "./stack-of-file.ts";

const world = liveStackOfFile({ settings: { WS_INIT_TIMEOUT_MS: 200 } });

beforeAll(async () => {
  world.stack.viewers.set("member", viewer("user-1", { "org-1": ["orders.read"], "org-2": ["nothing"] }));
});

const SUBSCRIBE = (id: string, shop = "org-1") => ({
  id,
  type: "subscribe",
  payload: { query: `subscription { orderEvents(shop: "${shop}") { sequence } }` },
});
const QUERY = (shop: string) => `subscription { orderEvents(shop: "${shop}") { sequence type } }`;
const INIT = { type: "connection_init", payload: { authorization: "Bearer member" } };

async function open(token = "member"): Promise<SocketClient> {
  const client = await connect(world.stack.url);
  await client.init(token);
  return client;
}

test.each([
  ["bad JSON", ["{"], 4400],
  ["an unknown message", [{ type: "hello" }], 4400],
  ["subscribe before init", [SUBSCRIBE("a")], 4401],
  ["two inits", [INIT, INIT], 4429],
  ["no init", [], 4408],
  ["the same id twice", [INIT, "wait", SUBSCRIBE("a"), SUBSCRIBE("a")], 4409],
])("%s closes the socket with its code [WS-01]", async (_, messages, code) => {
  const client = await connect(world.stack.url);
  for (const message of messages) {
    if (message !== "wait") client.send(message);
    else await waitFor(() => client.messages.some(({ type }) => type === "connection_ack"), { what: "an ack" });
  }
  expect(await client.closed()).toMatchObject({ code });
});

test("a socket without a subprotocol is closed with 4406 [WS-01]", async () => {
  const client = await connect(world.stack.url, { protocols: [] });
  expect(await client.closed()).toMatchObject({ code: 4406 });
});

test("the legacy subprotocol is not agreed to [WS-01]", async () => {
  const client = await connect(world.stack.url, { protocols: ["graphql-ws"] });
  expect(await client.closed()).toMatchObject({ code: 1006 });
  expect(client.socket.protocol).toBe("");
});

async function upgradeStatus(url: string, headers: readonly string[]): Promise<string> {
  const { port, host } = new URL(url);
  const socket = connectTcp(Number(port), "127.0.0.1");
  const key = Buffer.from("0123456789abcdef").toString("base64");
  const lines = [
    "GET /graphql HTTP/1.1",
    `Host: ${host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Protocol: graphql-transport-ws",
    "Sec-WebSocket-Extensions: permessage-deflate",
    ...headers,
  ];
  let answer = "";
  socket.on("data", (data) => {
    answer += String(data);
  });
  socket.on("error", () => undefined);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  const head = await waitFor(() => answer.includes("\r\n\r\n") && answer, { what: "an answer to the upgrade" });
  socket.destroy();
  return head;
}

test.each([[[]], [["Cookie: session=1"]]])(
  "a foreign origin is refused with 403, cookie or not [WS-02]",
  async (more) => {
    expect(await upgradeStatus(world.stack.url, ["Origin: https://evil.example", ...more])).toMatch(/^HTTP\/1\.1 403 /);
  },
);

test("an allowed origin is upgraded, without compression [WS-02] [WS-07]", async () => {
  const head = await upgradeStatus(world.stack.url, [`Origin: ${ALLOWED_ORIGIN}`]);
  expect(head).toMatch(/^HTTP\/1\.1 101 /);
  expect(head.toLowerCase()).not.toContain("permessage-deflate");
});

test.each([
  ["no", {}],
  ["a forged", { authorization: "Bearer forged" }],
  ["an expired", { accessToken: "expired" }],
])("%s token closes the socket with 4403 and no event [WS-03]", async (_, payload) => {
  world.stack.viewers.set("expired", viewer("user-1", { "org-1": ["orders.read"] }, -1_000));
  const client = await connect(world.stack.url);
  client.send({ type: "connection_init", payload });
  client.send(SUBSCRIBE("a"));
  const { code } = await client.closed();
  expect([4401, 4403]).toContain(code);
  expect(client.messages.filter(({ type }) => type === "next")).toEqual([]);
});

test.each([
  { Authorization: "Bearer member" },
  { authorization: "member" },
  { headers: { authorization: "Bearer member" } },
  { accessToken: "member" },
])("the token is found in %j", async (payload) => {
  const client = await connect(world.stack.url);
  client.send({ type: "connection_init", payload });
  await waitFor(() => client.messages.some(({ type }) => type === "connection_ack"), { what: "an ack" });
  client.close();
});

test("a message that is too large closes the socket with 1009 [WS-07]", async () => {
  const client = await open();
  client.send({ type: "ping", payload: { text: "x".repeat(300_000) } });
  expect(await client.closed()).toMatchObject({ code: 1009 });
});

test("the 101st subscription is refused by id, the first 100 stay live [WS-06]", async () => {
  const client = await open();
  const ids = Array.from({ length: 101 }, (_, index) => `s${index}`);
  for (const id of ids) client.send(SUBSCRIBE(id));
  const refused = await waitFor(() => client.messages.find(({ type }) => type === "error"), { what: "a refusal" });
  expect(refused.payload[0].extensions).toMatchObject({ code: "TOO_MANY_SUBSCRIPTIONS", status: 429 });
  await waitFor(() => client.messages.filter(({ type }) => type === "ping").length >= 100, { what: "100 accepted" });
  await eventWriter(world.log, "org-1").append(1);
  await waitFor(() => client.messages.filter(({ type }) => type === "next").length === 100, { what: "100 events" });
  client.close();
});

test("an id can be used again right after it was completed", async () => {
  const client = await open();
  for (let round = 0; round < 5; round += 1) {
    await client.subscribe("a", QUERY("org-8-none"));
    await client.take("error", "a", round + 1);
  }
  await client.subscribe("b", QUERY("org-1"));
  client.send({ id: "b", type: "complete" });
  client.send(SUBSCRIBE("b"));
  await waitFor(() => client.messages.filter(({ payload }) => payload?.tributary?.cursors?.b).length >= 2, {
    what: "the second start",
  });
  expect(client.of("complete", "b")).toEqual([]);
  client.close();
});

test("a peer that answers no ping is dropped within two periods [WS-09]", async () => {
  const quick = await startLiveStack({ log: world.log, settings: { WS_PING_MS: 150 } });
  quick.viewers.set("member", viewer("user-1", { "org-1": ["orders.read"] }));
  const silent = await connect(quick.url, { pong: false });
  await silent.init("member");
  const answering = await connect(quick.url);
  await answering.init("member");
  expect(await silent.closed()).toMatchObject({ code: 1006 });
  expect(answering.socket.readyState).toBe(answering.socket.OPEN);
  await quick.stop();
});

test("a peer that does not read is closed as too slow and resumes without a loss", async () => {
  world.stack.viewers.set("slow", viewer("user-9", { "org-9": ["orders.read"] }));
  const writer = eventWriter(world.log, "org-9");
  const client = await open("slow");
  const big = `subscription { orderEvents(shop: "org-9") { sequence event { ... on OrderPlaced { color } } } }`;
  await client.subscribe("a", big);
  const start = client.cursor("a");
  client.socket.pause();
  for (let round = 0; round < 12; round += 1) {
    await writer.append(1, "orders.order.placed.v1", { color: "c".repeat(1_000_000) });
  }
  // The subscription is gone from the gateway although the peer has read nothing.
  client.socket.resume();
  expect(await client.closed()).toMatchObject({ code: 4508 });
  const received = client.of("next", "a").length;
  expect(received).toBeLessThan(12);
  const again = await open("slow");
  await again.subscribe("a", big, { resume: received === 0 ? start : client.cursor("a") });
  const rest = await again.take("next", "a", 12 - received);
  expect(rest.map(({ payload }) => Number(payload.data.orderEvents.sequence))).toEqual(
    Array.from({ length: 12 - received }, (_, index) => received + index + 1),
  );
  again.close();
});

test("replay waits for a peer that does not read, where live events would close it", async () => {
  world.stack.viewers.set("patient", viewer("user-10", { "org-10": ["orders.read"] }));
  const writer = eventWriter(world.log, "org-10");
  const query = `subscription { orderEvents(shop: "org-10") { sequence event { ... on OrderPlaced { color } } } }`;
  const reading = await open("patient");
  await reading.subscribe("a", query);
  const start = reading.cursor("a");
  for (let round = 0; round < 12; round += 1) {
    await writer.append(1, "orders.order.placed.v1", { color: "c".repeat(1_000_000) });
  }
  const paused = await open("patient");
  await paused.subscribe("a", query, { resume: start });
  paused.socket.pause();
  await reading.subscribe("b", query, { resume: start });
  await reading.take("next", "b", 12);
  paused.socket.resume();
  const frames = await paused.take("next", "a", 12);
  expect(frames.map(({ payload }) => payload.data.orderEvents.sequence)).toEqual(
    Array.from({ length: 12 }, (_, index) => String(index + 1)),
  );
  reading.close();
  paused.close();
});

test("a stopping gateway closes its sockets with 1012 and refuses new ones with 503", async () => {
  const other = await startLiveStack({ log: world.log });
  other.viewers.set("member", viewer("user-1", { "org-1": ["orders.read"] }));
  const client = await connect(other.url);
  await client.init("member");
  const stopping = other.live.stop();
  expect(await upgradeStatus(other.url, [])).toMatch(/^HTTP\/1\.1 503 /);
  expect(await client.closed()).toMatchObject({ code: 1012 });
  await stopping;
  await other.stop();
});
