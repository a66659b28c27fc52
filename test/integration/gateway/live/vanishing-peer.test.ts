// Peers that go without a word: a network that swallows everything, in both directions, without FIN or RST. Event
// streams have no answer that could be missing: there it is the kernel that notices, or the reader that takes nothing
// of what waits for it.
import { request } from "node:http";
import { beforeAll, expect, test } from "vitest";
import { createFaultProxy } from "../../../support/fault-proxy.ts";
import { startStopwatch } from "../../../support/stopwatch.ts";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, viewer } from "./live-stack.ts";
import { connect } from "./socket-client.ts";
import { streamStackOfFile } from "./stack-of-file.ts";

const PING_MS = 300;
const PEERS = 20;
const QUERY =
  "subscription($shop: ID) { orderEvents(shop: $shop) { sequence event { ... on OrderPlaced { color } } } }";

const world = streamStackOfFile({ settings: { WS_PING_MS: PING_MS, SSE_HEARTBEAT_MS: PING_MS } });

beforeAll(async () => {
  for (const key of ["vanishing", "staying", "stalling"]) {
    world.stack.live.viewers.set(key, viewer(`user of ${key}`, { [key]: ["orders.read"] }));
  }
});

const gauges = () => {
  const { connectionsOpen, subscriptions, distinctOperations } = world.stack.live.live.counters();
  return { connectionsOpen, subscriptions, distinctOperations };
};

test("sockets whose peers vanish without FIN are dropped within two ping periods, their subscriptions with them, and nobody else is [WS-09]", async () => {
  const staying = await connect(world.stack.live.url);
  await staying.init("staying");
  await staying.subscribe("a", QUERY, { variables: { shop: "staying" } });
  await using proxy = await createFaultProxy({
    target: { host: "127.0.0.1", port: Number(new URL(world.stack.live.url).port) },
  });
  const peers = await Promise.all(
    Array.from({ length: PEERS }, async () => {
      const peer = await connect(`ws://127.0.0.1:${proxy.port}/graphql`);
      await peer.init("vanishing");
      await peer.subscribe("a", QUERY, { variables: { shop: "vanishing" } });
      return peer;
    }),
  );
  const writer = eventWriter(world.log, "vanishing");
  await writer.append(1);
  await Promise.all(peers.map((peer) => peer.take("next", "a")));
  expect(gauges()).toEqual({ connectionsOpen: PEERS + 1, subscriptions: PEERS + 1, distinctOperations: 2 });

  await proxy.mode("black-hole");
  const stopwatch = startStopwatch();
  // Events for them do not pass for a sign of life.
  await writer.append(3);
  await waitFor(() => gauges().connectionsOpen === 1, { what: "the vanished peers to be dropped" });
  // Two periods, and what finding and closing twenty sockets takes; the kernel alone would notice after minutes.
  expect(stopwatch.ms()).toBeLessThan(2 * PING_MS + 500);
  stopwatch.stop();
  expect(gauges()).toEqual({ connectionsOpen: 1, subscriptions: 1, distinctOperations: 1 });
  expect(staying.socket.readyState).toBe(staying.socket.OPEN);

  // They come back where they were.
  await proxy.mode("pass");
  const [first] = peers;
  const back = await connect(`ws://127.0.0.1:${proxy.port}/graphql`);
  await back.init("vanishing");
  await back.subscribe("a", QUERY, { variables: { shop: "vanishing" }, resume: first?.cursor("a") ?? "" });
  const missed = await back.take("next", "a", 3);
  expect(missed.map(({ payload }) => payload.data.orderEvents.sequence)).toEqual(["2", "3", "4"]);
  for (const client of [back, staying]) client.socket.terminate();
  await waitFor(() => gauges().connectionsOpen === 0, { what: "the others to be gone" });
  expect(gauges()).toEqual({ connectionsOpen: 0, subscriptions: 0, distinctOperations: 0 });
});

test("an event stream whose reader takes nothing of what waits for it is cut off within a few heartbeats [WS-09] [WS-10]", async () => {
  const asking = request(world.stack.url, {
    method: "POST",
    headers: { accept: "text/event-stream", "content-type": "application/json", authorization: "Bearer stalling" },
  });
  const response = new Promise((resolve) => asking.once("response", resolve));
  // Reset, or ended in the middle: both are what being cut off looks like.
  asking.on("error", () => undefined);
  asking.end(JSON.stringify({ query: QUERY, variables: { shop: "stalling" } }));
  await response;
  await waitFor(() => gauges().subscriptions === 1, { what: "the subscription" });
  const writer = eventWriter(world.log, "stalling");
  const { slowCloses } = world.stack.live.live.counters();
  // Enough for the kernel's buffers to be full and something to wait, too little to be called slow.
  await waitFor(
    async () => {
      await writer.append(1, undefined, { color: "c".repeat(200_000) });
      return gauges().subscriptions === 0;
    },
    { what: "the reader to be cut off", intervalMs: 50 },
  );
  expect(gauges().distinctOperations).toBe(0);
  expect(world.stack.live.live.counters().slowCloses).toBe(slowCloses);
  asking.destroy();
});
