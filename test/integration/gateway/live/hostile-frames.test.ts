// Frames that no honest client sends: each ends as PROTOCOL.md says, and whoever else is connected notices nothing.
import { expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { connect, type SocketClient } from "./socket-client.ts";
import { QUERY, SHOP, subscribe, witnessedStackOfFile } from "./witness.ts";

const VARIED = `subscription Varied($after: String, $types: [String!]) {
  orderEvents(shop: "${SHOP}", after: $after, types: $types) { sequence }
}`;
/** Deeper than a recursive reader could follow; within the limit of a message. */
const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

const { world, open, append } = witnessedStackOfFile();
const errorOf = (client: SocketClient, id: string) => client.of("error", id)[0]?.payload[0].extensions;

test.each<[string, unknown]>([
  ["null", "null"],
  ["a number", "7"],
  ["an array", "[]"],
  ["nothing at all", ""],
  ["a list that is too deep to follow", deep(100_000)],
  ["a message whose type is inherited", '{"__proto__":{"type":"ping"}}'],
  ["a type that every object has", { type: "constructor" }],
  ["a ping that is too deep to be written again", `{"type":"ping","payload":{"a":${deep(100_000)}}}`],
  ["a ping with a list", { type: "ping", payload: [] }],
  ["a ping with a text", { type: "ping", payload: "x" }],
  ["subscribe without an id", { type: "subscribe", payload: { query: QUERY } }],
  ["an empty id", subscribe("")],
  ["an id that is a number", subscribe(1)],
  ["an id that is an object", subscribe({ toString: "x" })],
  ["an id of 257 characters", subscribe("i".repeat(257))],
  ["an id of 10 KB", subscribe("i".repeat(10_000))],
  ["subscribe without a payload", { id: "a", type: "subscribe" }],
  ["a payload that is a text", subscribe("a", QUERY)],
  ["a payload that is a list", subscribe("a", [{ query: QUERY }])],
  ["complete without an id", { type: "complete" }],
  ["a message of the server's", { id: "a", type: "next", payload: { data: {} } }],
  ["an ack of the server's", { type: "connection_ack" }],
])("%s closes the socket with 4400 [WS-01]", async (_, message) => {
  const client = await open();
  client.send(message);
  expect(await client.closed()).toMatchObject({ code: 4400 });
});

test.each<[string, number, (client: SocketClient) => void]>([
  ["a binary frame", 4400, ({ socket }) => socket.send(Buffer.from(JSON.stringify(subscribe("a"))))],
  [
    "text that is not UTF-8",
    1007,
    ({ socket }) => socket.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]), { binary: false }),
  ],
  ["a frame without a mask", 1002, ({ socket }) => socket.send('{"type":"ping"}', { mask: false })],
  [
    "a message that is too large in its fragments alone",
    1009,
    ({ socket }) => {
      for (let part = 0; part < 3; part += 1) socket.send("x".repeat(100_000), { fin: false });
    },
  ],
  [
    "an id of 200 characters that is used twice",
    4409,
    (client) => {
      client.send(subscribe("i".repeat(200)));
      client.send(subscribe("i".repeat(200)));
    },
  ],
])("%s closes the socket with %d [WS-01] [WS-07]", async (_, code, send) => {
  const client = await open();
  send(client);
  expect(await client.closed()).toMatchObject({ code });
});

test.each([
  ["a list", []],
  ["a text", "x"],
  ["nothing where the token belongs", { authorization: null, headers: [], accessToken: { toString: "member" } }],
  ["a token in the prototype", '{"type":"connection_init","payload":{"__proto__":{"accessToken":"member"}}}'],
])("connection_init with %s opens nothing [WS-03]", async (_, payload) => {
  const client = await connect(world.stack.url);
  client.send(typeof payload === "string" && payload.startsWith("{") ? payload : { type: "connection_init", payload });
  client.send(subscribe("a"));
  expect([4400, 4401, 4403]).toContain((await client.closed()).code);
  expect(client.messages).toEqual([]);
});

test.each(["__proto__", "constructor", "toString", "hasOwnProperty", "\u0000", "\ud800", "i".repeat(256)])(
  "the id %j is one like any other",
  async (id) => {
    const client = await open();
    await client.subscribe(id, QUERY);
    const [start] = client.messages.filter(({ payload }) => payload?.tributary?.cursors !== undefined);
    expect(Object.keys(start?.payload.tributary.cursors)).toEqual([id]);
    const written = await append(1);
    const [frame] = await client.take("next", id);
    expect(frame?.payload.data.orderEvents.sequence).toBe(String(written));
    client.send({ id, type: "complete" });
    await client.subscribe("after", QUERY);
    client.close();
  },
);

test.each<[string, object | string, string, string | undefined]>([
  ["an `after` that is a number", { query: VARIED, variables: { after: 7 } }, "BAD_USER_INPUT", undefined],
  [
    "an `after` that is an object",
    { query: VARIED, variables: { after: { toString: "x" } } },
    "BAD_USER_INPUT",
    undefined,
  ],
  [
    "an `after` that is a number in the document",
    { query: VARIED.replace("$after,", "7,") },
    "GRAPHQL_VALIDATION_FAILED",
    undefined,
  ],
  ["an empty `after`", { query: VARIED, variables: { after: "" } }, "RESYNC_REQUIRED", "FOREIGN_CURSOR"],
  [
    "an `after` of 100 KB",
    { query: VARIED, variables: { after: "A".repeat(100_000) } },
    "RESYNC_REQUIRED",
    "FOREIGN_CURSOR",
  ],
  [
    "a cursor that is a number",
    { query: QUERY, extensions: { tributary: { resume: 7 } } },
    "RESYNC_REQUIRED",
    "FOREIGN_CURSOR",
  ],
  [
    "a cursor that is an object",
    { query: QUERY, extensions: { tributary: { resume: {} } } },
    "RESYNC_REQUIRED",
    "FOREIGN_CURSOR",
  ],
  [
    "a variable that is too deep to follow",
    `{"query":${JSON.stringify(VARIED)},"variables":{"types":${deep(50_000)}}}`,
    "BAD_REQUEST",
    undefined,
  ],
  [
    "extensions that are too deep to follow",
    `{"query":${JSON.stringify(QUERY)},"extensions":{"a":${deep(50_000)}}}`,
    "BAD_REQUEST",
    undefined,
  ],
  ["a document that is too deep to follow", { query: "{a".repeat(30_000) }, "MAX_TOKENS_LIMIT", undefined],
  ["a document that is too long", { query: "{a".repeat(50_000) }, "MAX_LENGTH_LIMIT", undefined],
  [
    "an operation name that every object has",
    { query: QUERY, operationName: "__proto__" },
    "OPERATION_RESOLUTION_FAILURE",
    undefined,
  ],
  [
    "fragments in a circle",
    { query: "subscription { ...F } fragment F on Subscription { ...F }" },
    "GRAPHQL_VALIDATION_FAILED",
    undefined,
  ],
  ["no query", { query: "" }, "BAD_REQUEST", undefined],
  ["a query that is a number", { query: 7 }, "BAD_REQUEST", undefined],
])("%s ends the operation and nothing else", async (_, payload, code, reason) => {
  const client = await open();
  client.send(
    typeof payload === "string" ? `{"id":"a","type":"subscribe","payload":${payload}}` : subscribe("a", payload),
  );
  await client.take("error", "a");
  expect(errorOf(client, "a")).toMatchObject({ code, ...(reason === undefined ? {} : { reason }) });
  await client.subscribe("b", QUERY);
  expect(client.of("error", "b")).toEqual([]);
  client.close();
});

test.each<[string, string]>([
  ["a byte-order mark in front of the message", `{"query":${JSON.stringify(QUERY)}}`],
  [
    "variables named like an object's own",
    `{"query":${JSON.stringify(VARIED)},"variables":{"__proto__":{"after":"x"},"constructor":7}}`,
  ],
  [
    "extensions of another kind",
    `{"query":${JSON.stringify(QUERY)},"extensions":{"tributary":7,"__proto__":{"tributary":{"resume":"x"}}}}`,
  ],
  [
    "a cursor in the prototype",
    `{"query":${JSON.stringify(QUERY)},"extensions":{"tributary":{"__proto__":{"resume":"x"}}}}`,
  ],
])("%s change nothing", async (what, payload) => {
  const client = await open();
  const mark = what.startsWith("a byte-order mark") ? "\u{feff}" : "";
  client.send(`${mark}{"id":"a","type":"subscribe","payload":${payload}}`);
  await waitFor(() => client.messages.some(({ payload: sent }) => sent?.tributary?.cursors?.a !== undefined), {
    what: "the start",
  });
  await append(1);
  await client.take("next", "a");
  client.close();
});
