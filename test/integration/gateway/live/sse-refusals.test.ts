// What is refused over Server-Sent Events: before the stream where HTTP can say it, on the stream otherwise.
import { expect, test } from "vitest";
import { createCursorCodec } from "../../../../gateway/live/log/cursor.ts";
import { eventWriter, TOPIC, viewer } from "./live-stack.ts";
import { orderStreams, QUERY } from "./order-streams.ts";
import { streamStackOfFile } from "./stack-of-file.ts";
import { read, type StreamMessage } from "./stream-stack.ts";

const world = streamStackOfFile({ settings: { SSE_HEARTBEAT_MS: 100 } });

const { member, follow } = orderStreams(world);

const errorOf = (message: StreamMessage | undefined) => message?.data.errors[0].extensions;

test.each([
  ["a changed cursor", async (cursor: string) => `${cursor}x`],
  ["another stream's cursor", async () => (await follow("sse-6b")).lastId ?? ""],
])("%s is refused on the stream before any event, then it completes", async (_, change) => {
  const writer = eventWriter(world.log, "sse-6");
  const reader = await follow("sse-6");
  await writer.append(1);
  const headers = { "last-event-id": await change(reader.lastId ?? "") };
  const refused = await follow("sse-6", { headers });
  const messages = await refused.whenEnded();
  const [only, ...more] = messages.filter(({ event }) => event !== "heartbeat");
  expect(errorOf(only)).toMatchObject({ code: "RESYNC_REQUIRED", status: 410, reason: "FOREIGN_CURSOR" });
  expect(more).toEqual([{ event: "complete", id: undefined, data: "" }]);
  reader.abort();
});

test.each([
  ["of a log that was created anew", { epoch: "another" }, 0, "TOPIC_RECREATED"],
  ["of a partition that does not hold the stream", {}, 1, "UNKNOWN_PARTITION"],
])("a cursor %s is refused with the reason", async (_, epoch, shift, reason) => {
  const key = "sse-22";
  const codec = createCursorCodec(world.stack.live.ports.settings.CURSOR_SECRET);
  const at = {
    topic: TOPIC,
    key,
    epoch: await world.log.epoch(TOPIC),
    partition: await world.log.partitionOf(TOPIC, key),
    next: 0n,
    sequence: null,
  };
  const partition = (at.partition + shift) % (await world.log.ranges(TOPIC)).length;
  const refused = await follow(key, { headers: { "last-event-id": codec.encode({ ...at, ...epoch, partition }) } });
  await refused.whenEnded();
  expect(errorOf(refused.nexts()[0])).toMatchObject({ code: "RESYNC_REQUIRED", status: 410, reason });
  expect(refused.messages.at(-1)?.event).toBe("complete");
  const accepted = await follow(key, { headers: { "last-event-id": codec.encode(at) } });
  expect(accepted.nexts()).toEqual([]);
  accepted.abort();
});

test("a mutation by GET is refused with 405 before the stream, by POST it is answered on the stream", async () => {
  const query = "mutation { orderCancel }";
  for (const accept of ["text/event-stream", 'multipart/mixed;subscriptionSpec="1.0"']) {
    const refused = await read(world.stack.url, { query, token: member("sse-23"), headers: { accept }, get: true });
    expect(refused.response.status).toBe(405);
    expect(refused.response.headers.get("allow")).toBe("POST");
    await refused.whenEnded();
    expect(JSON.parse(refused.text)).toMatchObject({ errors: [{ extensions: { code: "BAD_REQUEST", status: 405 } }] });
  }
  const answered = await read(world.stack.url, { query, token: member("sse-23") });
  expect(answered.response.status).toBe(200);
  await answered.whenEnded();
  expect(answered.messages.at(-1)?.event).toBe("complete");
});

test("a cursor below what the log keeps is refused with the reason", async () => {
  const writer = eventWriter(world.log, "sse-7");
  const reader = await follow("sse-7");
  const start = reader.lastId ?? "";
  await writer.append(2);
  await reader.take(2);
  const partition = await world.log.partitionOf("orders.events", "sse-7");
  await world.databases.events.query(
    "UPDATE event_partition SET low = next_offset WHERE topic = $1 AND partition = $2",
    ["orders.events", partition],
  );
  const refused = await follow("sse-7", { headers: { "last-event-id": start } });
  await refused.whenEnded();
  expect(errorOf(refused.nexts()[0])).toMatchObject({ code: "RESYNC_REQUIRED", reason: "RETENTION" });
  reader.abort();
});

test.each([
  ["no token", {}, 401, "UNAUTHENTICATED"],
  ["a forged token", { authorization: "Bearer forged" }, 401, "UNAUTHENTICATED"],
  ["an expired token", { authorization: "Bearer expired" }, 401, "UNAUTHENTICATED"],
  ["another scheme", { authorization: "Basic abc" }, 401, "UNAUTHENTICATED"],
  ["a foreign origin", { authorization: "Bearer fine", origin: "https://evil.example" }, 403, "FORBIDDEN"],
  ["a page that hides its origin", { "sec-fetch-site": "cross-site" }, 403, "FORBIDDEN"],
])("%s is refused before the stream", async (_, headers, status, code) => {
  world.stack.live.viewers.set("expired", viewer("user-9", { "sse-9": ["orders.read"] }, -1_000));
  world.stack.live.viewers.set("fine", viewer("user-9", { "sse-9": ["orders.read"] }));
  const accept = "text/event-stream";
  for (const format of [accept, 'multipart/mixed;subscriptionSpec="1.0", application/json']) {
    const address = new URL(world.stack.url);
    address.searchParams.set("query", QUERY);
    address.searchParams.set("variables", '{"shop":"sse-9"}');
    const response = await fetch(address, { headers: { ...headers, accept: format } });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(response.headers.get("www-authenticate")).toBe(status === 401 ? "Bearer" : null);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code, status } }] });
  }
});

test.each([
  ["what does not parse", "subscription {", "GRAPHQL_PARSE_FAILED"],
  ["what does not validate", "subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"],
  ["what names no operation", "fragment F on Query { __typename }", "OPERATION_RESOLUTION_FAILURE"],
  ["too deep a query", `{ ${"orders { ".repeat(20)} id ${"}".repeat(20)} }`, "MAX_DEPTH_LIMIT"],
])("%s is told on the stream, which completes", async (_, query, code) => {
  const reader = await read(world.stack.url, { query, token: member("sse-11") });
  expect(reader.response.status).toBe(200);
  const messages = await reader.whenEnded();
  expect(messages.map(({ event }) => event)).toEqual(["heartbeat", "next", "complete"]);
  expect(errorOf(messages[1])).toMatchObject({ code, status: 400 });
});

test("a stranger's stream and a missing permission answer as on a socket", async () => {
  world.stack.live.viewers.set("no-role", viewer("user-12", { "sse-12": ["nothing"] }));
  for (const [shop, code] of [
    ["sse-12", "FORBIDDEN"],
    ["sse-13", "NOT_FOUND"],
  ] as const) {
    const reader = await follow(shop, { token: "no-role" });
    await reader.whenEnded();
    expect(errorOf(reader.nexts()[0])).toMatchObject({ code });
  }
});

test("a query is one answer and the end; what is no GraphQL request is refused before the stream", async () => {
  const reader = await read(world.stack.url, { query: "{ orders { id } }", token: member("sse-14") });
  const messages = await reader.whenEnded();
  expect(messages.slice(1)).toEqual([
    { event: "next", id: undefined, data: { data: { orders: [] } } },
    { event: "complete", id: undefined, data: "" },
  ]);
  const malformed = await fetch(world.stack.url, {
    method: "POST",
    headers: { accept: "text/event-stream" },
    body: "x",
  });
  expect(malformed.status).toBe(400);
});
