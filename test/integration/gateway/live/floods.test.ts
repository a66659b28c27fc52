// Frames by the thousand: each is answered or ends the socket, nothing is left behind, and whoever else is connected is served.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { EventLog } from "../../../../platform/events/event-log.ts";
import { createPostgresEventLog } from "../../../../platform/events/postgres-event-log.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { waitFor } from "../../../support/wait.ts";
import { type EventDatabases, startEventDatabases } from "../../events/event-databases.ts";
import { eventWriter, type LiveStack, startLiveStack, viewer } from "./live-stack.ts";
import { connect, type SocketClient } from "./socket-client.ts";

const SHOP = "hostile-1";
const QUERY = `subscription { orderEvents(shop: "${SHOP}") { sequence } }`;

let databases: EventDatabases;
let log: EventLog;
let stack: LiveStack;
let writer: ReturnType<typeof eventWriter>;
let witness: SocketClient;

beforeAll(async () => {
  databases = await startEventDatabases();
  log = createPostgresEventLog({
    connectionString: databases.eventsUrl,
    logger: createLogger({ name: "log", level: "silent" }),
  });
  await log.start();
  stack = await startLiveStack({ log });
  stack.viewers.set("member", viewer("user-1", { [SHOP]: ["orders.read"] }));
  writer = eventWriter(log, SHOP);
  witness = await open();
  await witness.subscribe("witness", QUERY);
});

afterEach(async () => {
  await writer.append(1);
  const frames = await witness.take("next", "witness", writer.sequence);
  expect(frames.at(-1)?.payload.data.orderEvents.sequence).toBe(String(writer.sequence));
});

afterAll(async () => {
  await stack?.stop();
  await log?.stop();
  await databases?.stop();
});

async function open(): Promise<SocketClient> {
  const client = await connect(stack.url);
  await client.init("member");
  return client;
}

const subscribe = (id: unknown, payload: unknown = { query: QUERY }) => ({ id, type: "subscribe", payload });

test("refreshes without end close the socket with 4429, and ask about ten tokens at most", async () => {
  let asked = 0;
  const { authenticator } = stack.ports;
  const { authenticate } = authenticator;
  authenticator.authenticate = (token, client) => {
    asked += token === "flood" ? 1 : 0;
    return authenticate(token, client);
  };
  const client = await open();
  for (let count = 0; count < 1_000; count += 1) {
    client.send({ type: "ping", payload: { tributary: { accessToken: "flood" } } });
  }
  expect(await client.closed()).toEqual({ code: 4429, reason: expect.stringContaining("token refreshes") });
  expect(asked).toBe(10);
  authenticator.authenticate = authenticate;
});

test("thousands of invalid operations are each refused by id, and others are served meanwhile", async () => {
  const client = await open();
  const count = 3_000;
  for (let index = 0; index < count; index += 1) {
    client.send(subscribe(`bad-${index}`, { query: index % 2 === 0 ? "subscription {" : "subscription { nothing }" }));
  }
  const other = await open();
  await other.subscribe("a", QUERY);
  await waitFor(() => client.messages.filter(({ type }) => type === "error").length === count, {
    what: "all refusals",
    deadlineMs: 20_000,
  });
  await client.subscribe("good", QUERY);
  client.close();
  other.close();
});

test("pings, completes of nothing and operations that are given up at once leave nothing behind", async () => {
  const client = await open();
  for (let index = 0; index < 1_000; index += 1) {
    client.send({ type: "ping" });
    client.send({ id: `none-${index}`, type: "complete" });
    client.send(subscribe(`brief-${index}`));
    client.send({ id: `brief-${index}`, type: "complete" });
  }
  await waitFor(() => client.messages.filter(({ type }) => type === "pong").length === 1_000, {
    what: "all pongs",
    deadlineMs: 20_000,
  });
  await waitFor(() => stack.live.counters().subscriptions === 1, { what: "the witness alone" });
  await client.subscribe("good", QUERY);
  client.close();
});

test("what is prepared for ids that were given up counts as open", async () => {
  const held = Promise.withResolvers<void>();
  const { executor } = stack.ports;
  const { execute } = executor;
  let running = 0;
  executor.execute = async (request) => {
    running += 1;
    await held.promise;
    return execute(request);
  };
  const client = await open();
  for (let index = 0; index < 300; index += 1) {
    client.send(subscribe(`q-${index}`, { query: "{ orders { id } }" }));
    client.send({ id: `q-${index}`, type: "complete" });
  }
  client.send({ type: "ping" });
  await waitFor(() => client.messages.some(({ type }) => type === "pong"), { what: "the pong behind them" });
  expect(running).toBe(100);
  held.resolve();
  executor.execute = execute;
  await client.subscribe("good", QUERY);
  client.close();
});
