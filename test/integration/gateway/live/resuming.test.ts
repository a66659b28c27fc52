// Which events a subscriber gets, by where it begins: each once and in order, or a reason why not. Over real sockets
// and the Postgres log.
import { expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, startLiveStack, TOPIC, viewer } from "./live-stack.ts";
import { openMember, QUERY, range, sequencesOf } from "./order-sockets.ts";
import { connect, type SocketClient } from "./socket-client.ts";
import { liveStackOfFile } from "./stack-of-file.ts";

const world = liveStackOfFile();

const member = (shop: string) => openMember(world, shop);

/** An answer to a ping proves that everything sent before has arrived. */
async function settled(client: SocketClient) {
  client.send({ type: "ping", payload: { settled: true } });
  await waitFor(() => client.messages.some(({ type, payload }) => type === "pong" && payload?.settled), {
    what: "a pong",
  });
}

test("a subscriber who drops and resumes gets exactly the missed events, then live ones [EV-09]", async () => {
  const writer = eventWriter(world.log, "shop-2");
  const before = await member("shop-2");
  await before.subscribe("a", QUERY, { variables: { shop: "shop-2" } });
  await writer.append(3);
  await before.take("next", "a", 3);
  before.socket.terminate();
  await writer.append(30);
  const after = await member("shop-2");
  await after.subscribe("b", QUERY, { variables: { shop: "shop-2" }, resume: before.cursor("a") });
  await after.take("next", "b", 30);
  await writer.append(2);
  expect(sequencesOf(await after.take("next", "b", 32))).toEqual(range(4, 35));
  await settled(after);
  expect(after.of("next", "b")).toHaveLength(32);
  after.close();
});

test("the argument `after` resumes like the extension does", async () => {
  const writer = eventWriter(world.log, "shop-3");
  const client = await member("shop-3");
  await client.subscribe("a", QUERY, { variables: { shop: "shop-3" } });
  const start = client.cursor("a");
  await writer.append(4);
  await client.take("next", "a", 4);
  await client.subscribe("b", QUERY, { variables: { shop: "shop-3", after: start } });
  expect(sequencesOf(await client.take("next", "b", 4))).toEqual(range(1, 4));
  client.close();
});

test("a new gateway continues from the cursor of another one, from the log", async () => {
  const writer = eventWriter(world.log, "shop-4");
  const first = await member("shop-4");
  await first.subscribe("a", QUERY, { variables: { shop: "shop-4" } });
  await writer.append(250);
  const other = await startLiveStack({ log: world.log });
  other.viewers.set("t", viewer("user-shop-4", { "shop-4": ["orders.read"] }));
  const client = await connect(other.url);
  await client.init("t");
  const [fifth] = (await first.take("next", "a", 5)).slice(4);
  await client.subscribe("a", QUERY, {
    variables: { shop: "shop-4" },
    resume: fifth?.payload.extensions.tributary.cursor,
  });
  await writer.append(10);
  expect(sequencesOf(await client.take("next", "a", 255))).toEqual(range(6, 260));
  await other.stop();
  expect(await client.closed()).toMatchObject({ code: 1012 });
  first.close();
});

test("a subscription without a cursor starts at the log's end as of the subscribe", async () => {
  const writer = eventWriter(world.log, "shop-5");
  await writer.append(5);
  const client = await member("shop-5");
  await client.subscribe("a", QUERY, { variables: { shop: "shop-5" } });
  await writer.append(1);
  expect(sequencesOf(await client.take("next", "a"))).toEqual(["6"]);
  client.close();
});

test("a filter leaves numbers out and is no gap", async () => {
  const writer = eventWriter(world.log, "shop-6");
  const client = await member("shop-6");
  await client.subscribe("a", QUERY, { variables: { shop: "shop-6", types: ["orders.order.shipped.v1"] } });
  await writer.append(2);
  await writer.append(1, "orders.order.shipped.v1", { reason: "sent" });
  await writer.append(1, "orders.order.unknown.v1");
  await writer.append(1, "orders.order.shipped.v1");
  const frames = await client.take("next", "a", 2);
  expect(sequencesOf(frames)).toEqual(["3", "5"]);
  expect(frames[0]?.payload.data.orderEvents.event).toEqual({ __typename: "OrderShipped", reason: "sent" });
  client.close();
});

test("events that the log holds twice arrive once, also behind a cursor", async () => {
  const writer = eventWriter(world.log, "shop-7");
  const client = await member("shop-7");
  await client.subscribe("a", QUERY, { variables: { shop: "shop-7" } });
  const batch = await writer.append(2);
  const [, second] = await client.take("next", "a", 2);
  await writer.again(batch);
  await client.subscribe("b", QUERY, {
    variables: { shop: "shop-7" },
    resume: second?.payload.extensions.tributary.cursor,
  });
  await writer.append(1);
  expect(sequencesOf(await client.take("next", "a", 3))).toEqual(["1", "2", "3"]);
  expect(sequencesOf(await client.take("next", "b", 1))).toEqual(["3"]);
  client.close();
});

test("an event missing in the log ends the subscription instead of being skipped", async () => {
  const writer = eventWriter(world.log, "shop-8");
  const client = await member("shop-8");
  await client.subscribe("a", QUERY, { variables: { shop: "shop-8" } });
  await writer.append(1);
  writer.skip(1);
  await writer.append(1);
  const [error] = await client.take("error", "a");
  expect(error?.payload[0]).toMatchObject({ extensions: { code: "RESYNC_REQUIRED", reason: "GAP", status: 410 } });
  expect(sequencesOf(client.of("next", "a"))).toEqual(["1"]);
  client.close();
});

test("a record that nobody can read is a gap, also for a subscriber who has seen nothing yet", async () => {
  const client = await member("shop-18");
  await client.subscribe("a", QUERY, { variables: { shop: "shop-18" } });
  const start = client.cursor("a");
  await world.log.append(TOPIC, [{ key: "shop-18", value: "{}" }]);
  const other = await startLiveStack({ log: world.log });
  other.viewers.set("t", viewer("user-shop-18", { "shop-18": ["orders.read"] }));
  const late = await connect(other.url);
  await late.init("t");
  await late.subscribe("a", QUERY, { variables: { shop: "shop-18" }, resume: start });
  for (const one of [client, late]) {
    const [error] = await one.take("error", "a");
    expect(error?.payload[0].extensions).toMatchObject({ code: "RESYNC_REQUIRED", reason: "GAP" });
  }
  await other.stop();
  client.close();
});

test("a cursor that is changed, or of another stream, is refused before any event", async () => {
  await eventWriter(world.log, "shop-9").append(1);
  const client = await member("shop-9");
  const foreign = await member("shop-10");
  await foreign.subscribe("a", QUERY, { variables: { shop: "shop-10" } });
  await client.subscribe("a", QUERY, { variables: { shop: "shop-9" }, resume: foreign.cursor("a") });
  await client.subscribe("b", QUERY, { variables: { shop: "shop-9" }, resume: `${foreign.cursor("a")}x` });
  for (const id of ["a", "b"]) {
    const [error] = await client.take("error", id);
    expect(error?.payload[0].extensions).toMatchObject({ code: "RESYNC_REQUIRED", reason: "FOREIGN_CURSOR" });
    expect(client.of("next", id)).toEqual([]);
  }
  client.close();
  foreign.close();
});

test("a cursor below what the log keeps is refused with the reason", async () => {
  const writer = eventWriter(world.log, "shop-11");
  const client = await member("shop-11");
  await client.subscribe("a", QUERY, { variables: { shop: "shop-11" } });
  const start = client.cursor("a");
  await writer.append(2);
  await client.take("next", "a", 2);
  const partition = await world.log.partitionOf(TOPIC, "shop-11");
  await world.databases.events.query(
    "UPDATE event_partition SET low = next_offset WHERE topic = $1 AND partition = $2",
    [TOPIC, partition],
  );
  await client.subscribe("b", QUERY, { variables: { shop: "shop-11" }, resume: start });
  const [error] = await client.take("error", "b");
  expect(error?.payload[0].extensions).toMatchObject({ code: "RESYNC_REQUIRED", reason: "RETENTION" });
  client.close();
});
