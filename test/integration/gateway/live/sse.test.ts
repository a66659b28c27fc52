// Server-Sent Events over real HTTP and the Postgres log.
import { expect, test } from "vitest";
import { waitFor, waitWithin } from "../../../support/wait.ts";
import { ALLOWED_ORIGIN, eventWriter, viewer } from "./live-stack.ts";
import { orderStreams, QUERY } from "./order-streams.ts";
import { connect } from "./socket-client.ts";
import { streamStackOfFile } from "./stack-of-file.ts";
import { read, type StreamMessage, startStreamStack } from "./stream-stack.ts";

const world = streamStackOfFile({ settings: { SSE_HEARTBEAT_MS: 100 } });

const { member, follow } = orderStreams(world);

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
const sequencesOf = (messages: readonly StreamMessage[]) => messages.map(({ data }) => data.data?.orderEvents.sequence);
const errorOf = (message: StreamMessage | undefined) => message?.data.errors[0].extensions;

test("an event stream has its headers, an id per event, heartbeats and no compression [WS-10]", async () => {
  const reader = await follow("sse-1", { headers: { "accept-encoding": "gzip, br" } });
  expect(reader.response.status).toBe(200);
  const headers = Object.fromEntries(reader.response.headers);
  expect(headers).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-store, no-transform",
    "x-accel-buffering": "no",
    "x-trace-id": expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(headers).not.toHaveProperty("content-encoding");
  await eventWriter(world.log, "sse-1").append(1);
  const [first] = await reader.take(1);
  expect(first?.id).toBe(first?.data.extensions.tributary.cursor);
  expect(first?.data.data.orderEvents).toEqual({ sequence: "1", type: "orders.order.placed.v1" });
  const seen = reader.messages.length;
  await waitFor(() => reader.messages.slice(seen).some(({ event }) => event === "heartbeat"), { what: "a heartbeat" });
  reader.abort();
});

test("an aborted stream leaves nothing behind within a second [WS-10]", async () => {
  await waitFor(() => world.stack.counts().subscriptions === 0, { what: "a quiet live room" });
  const readers = await Promise.all(range(1, 5).map(() => follow("sse-2")));
  expect(world.stack.counts()).toEqual({ subscriptions: 5, streams: 1 });
  for (const reader of readers) reader.abort();
  await waitWithin(1_000, () => world.stack.counts().subscriptions === 0, { what: "the live room to be empty" });
  expect(world.stack.counts()).toEqual({ subscriptions: 0, streams: 0 });
});

test("a reader who drops and reconnects with Last-Event-ID gets exactly the missed events, then live ones [EV-09]", async () => {
  const writer = eventWriter(world.log, "sse-3");
  const before = await follow("sse-3");
  await writer.append(3);
  await before.take(3);
  before.abort();
  await writer.append(30);
  const after = await follow("sse-3", { headers: { "last-event-id": before.lastId ?? "" } });
  await after.take(30);
  await writer.append(2);
  expect(sequencesOf(await after.take(32))).toEqual(range(4, 35));
  after.abort();
});

test("Last-Event-ID goes before the document's own cursor, which a reconnecting EventSource cannot change", async () => {
  const writer = eventWriter(world.log, "sse-4");
  const before = await follow("sse-4");
  const start = before.lastId ?? "";
  await writer.append(3);
  const [, second] = await before.take(3);
  const variables = { shop: "sse-4", after: start };
  const headers = { "last-event-id": second?.id ?? "" };
  const reconnected = await follow("sse-4", { variables, headers, get: true });
  const fromStart = await follow("sse-4", { get: true, address: { lastEventId: start } });
  expect(sequencesOf(await reconnected.take(1))).toEqual(["3"]);
  expect(sequencesOf(await fromStart.take(3))).toEqual(range(1, 3));
  for (const reader of [before, reconnected, fromStart]) reader.abort();
});

test("the heartbeats of a quiet stream move the cursor past what the filter leaves out", async () => {
  const writer = eventWriter(world.log, "sse-5");
  const variables = { shop: "sse-5", types: ["orders.order.shipped.v1"] };
  const reader = await follow("sse-5", { variables });
  const start = reader.lastId;
  await writer.append(4);
  await waitFor(() => reader.lastId !== start, { what: "a moved cursor" });
  expect(reader.nexts()).toEqual([]);
  reader.abort();
  const headers = { "last-event-id": reader.lastId ?? "" };
  const resumed = await follow("sse-5", { headers });
  await writer.append(1);
  expect(sequencesOf(await resumed.take(1))).toEqual(["5"]);
  resumed.abort();
});

test("an event missing in the log ends the stream instead of being skipped", async () => {
  const writer = eventWriter(world.log, "sse-8");
  const reader = await follow("sse-8");
  await writer.append(1);
  writer.skip(1);
  await writer.append(1);
  await reader.whenEnded();
  const [first, last, ...more] = reader.nexts();
  expect(sequencesOf([first].flatMap((message) => message ?? []))).toEqual(["1"]);
  expect(errorOf(last)).toMatchObject({ code: "RESYNC_REQUIRED", reason: "GAP" });
  expect(more).toEqual([]);
  expect(reader.messages.at(-1)?.event).toBe("complete");
});

test("a page of an allowed origin may read the stream", async () => {
  const reader = await follow("sse-10", { headers: { origin: ALLOWED_ORIGIN } });
  expect(reader.response.headers.get("access-control-allow-origin")).toBe(ALLOWED_ORIGIN);
  reader.abort();
});

test("a caller who reads JSON too gets a query's answer as JSON", async () => {
  const response = await fetch(world.stack.url, {
    method: "POST",
    headers: { accept: "application/json, text/event-stream, multipart/mixed", "content-type": "application/json" },
    body: JSON.stringify({ query: "{ __typename }" }),
  });
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  expect(await response.json()).toEqual({ data: { __typename: "Query" } });
});

test("a session that ends, a role that goes and a token that expires end the stream with their errors", async () => {
  const dead = await follow("sse-15");
  const demoted = await follow("sse-16");
  const writer = eventWriter(world.log, "sse-16");
  await writer.append(1);
  await demoted.take(1);
  world.stack.live.viewers.delete(member("sse-15"));
  world.stack.live.viewers.set(member("sse-16"), viewer("user-sse-16", { "sse-16": ["nothing"] }));
  world.stack.live.revoke({ userId: "user-sse-15" });
  world.stack.live.revoke({ userId: "user-sse-16" });
  await writer.append(1);
  await Promise.all([dead.whenEnded(), demoted.whenEnded()]);
  expect(errorOf(dead.nexts()[0])).toMatchObject({ code: "UNAUTHENTICATED", status: 401, reason: "SESSION_ENDED" });
  expect(errorOf(demoted.nexts()[1])).toMatchObject({ code: "FORBIDDEN" });
  world.stack.live.viewers.set("short", viewer("user-17", { "sse-17": ["orders.read"] }, 400));
  const short = await follow("sse-17", { token: "short" });
  await short.whenEnded();
  expect(errorOf(short.nexts()[0])).toMatchObject({ code: "UNAUTHENTICATED", reason: "TOKEN_EXPIRED" });
  expect(short.messages.at(-1)?.event).toBe("complete");
});

test("a gateway that stops ends its streams with a cursor, and another one goes on from it", async () => {
  const writer = eventWriter(world.log, "sse-18");
  const other = await startStreamStack({ log: world.log });
  const token = "t";
  other.live.viewers.set(token, viewer("user-sse-18", { "sse-18": ["orders.read"] }));
  const reader = await follow("sse-18", { token }, other);
  await writer.append(2);
  await reader.take(2);
  await other.drain();
  await reader.whenEnded();
  const end = errorOf(reader.nexts()[2]);
  expect(end).toMatchObject({ code: "SERVICE_UNAVAILABLE", retryable: true, reason: "GOING_AWAY" });
  expect(end.tributary.cursor).toBe(reader.lastId);
  expect(reader.messages.at(-1)?.event).toBe("complete");
  const refused = await read(other.url, { query: QUERY, variables: { shop: "sse-18" }, token });
  expect(refused.response.status).toBe(503);
  expect(refused.response.headers.get("retry-after")).toBe("1");
  await other.stop();
  await writer.append(2);
  const resumed = await follow("sse-18", { headers: { "last-event-id": reader.lastId ?? "" } });
  expect(sequencesOf(await resumed.take(2))).toEqual(["3", "4"]);
  resumed.abort();
});

test("two tenants over SSE, multipart and a socket see their own events only, all of them, in order [WS-10]", async () => {
  const tenants = ["sse-20", "sse-21"];
  const count = 1_000;
  const sockets = await Promise.all(
    tenants.map(async (shop) => {
      const client = await connect(world.stack.live.url);
      await client.init(member(shop));
      await client.subscribe(
        "a",
        `subscription { orderEvents(shop: "${shop}") { sequence event { ... on OrderShipped { reason } } } }`,
      );
      return client;
    }),
  );
  const query = `subscription($shop: ID!) { orderEvents(shop: $shop) { sequence event { ... on OrderShipped { reason } } } }`;
  const readers = await Promise.all(
    (["sse", "multipart"] as const).flatMap((format) =>
      tenants.map(async (shop) => ({ shop, format, reader: await follow(shop, { format, query }) })),
    ),
  );
  const writers = tenants.map((shop) => ({ shop, writer: eventWriter(world.log, shop) }));
  for (let written = 0; written < count; written += 50) {
    await Promise.all(
      writers.map(({ shop, writer }) => writer.append(50, "orders.order.shipped.v1", { reason: `of ${shop}` })),
    );
  }
  const wanted = (shop: string) => range(1, count).map((sequence) => ({ sequence, event: { reason: `of ${shop}` } }));
  for (const { shop, format, reader } of readers) {
    const answers = await reader.take(count);
    const payloads = answers.map(({ data }) => (format === "sse" ? data : data.payload));
    expect(payloads.map(({ data }) => data.orderEvents)).toEqual(wanted(shop));
    reader.abort();
  }
  for (const [index, client] of sockets.entries()) {
    const frames = await client.take("next", "a", count);
    expect(frames.map(({ payload }) => payload.data.orderEvents)).toEqual(wanted(tenants[index] ?? ""));
    client.close();
  }
});
