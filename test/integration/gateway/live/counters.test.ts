// The numbers move with what happens, and fall back when it is over.
import { expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, viewer } from "./live-stack.ts";
import { connect } from "./socket-client.ts";
import { liveStackOfFile } from "./stack-of-file.ts";

const world = liveStackOfFile();

test("connections, subscriptions, events, frames, enrichments, replays and resyncs are counted [WS-09]", async () => {
  world.stack.viewers.set("counted", viewer("user-n", { "org-n": ["orders.read"] }));
  const query = `subscription { orderEvents(shop: "org-n") { sequence } }`;
  const client = await connect(world.stack.url);
  await client.init("counted");
  await client.subscribe("a", query);
  const start = client.cursor("a");
  await client.subscribe("b", query);
  const writer = eventWriter(world.log, "org-n");
  await writer.append(3);
  await client.take("next", "a", 3);
  await client.take("next", "b", 3);
  expect(world.stack.live.counters()).toMatchObject({
    connectionsOpen: 1,
    connectionsTotal: 1,
    subscriptions: 2,
    distinctOperations: 1,
    eventsIn: 3,
    framesOut: 6,
    enrichments: 3,
    replays: 0,
    ringEvents: 3,
    replayReads: 0,
  });
  expect(world.stack.live.counters().ringBytes).toBeGreaterThan(3 * 300);
  await waitFor(() => world.stack.live.counters().latency.count === 3, { what: "three latencies" });

  await client.subscribe("c", query, { resume: start });
  await client.take("next", "c", 3);
  await client.subscribe("d", query, { resume: "forged" });
  writer.skip(1);
  await writer.append(1);
  await Promise.all(["a", "b", "c"].map((id) => client.take("error", id)));
  expect(world.stack.live.counters()).toMatchObject({
    replays: 1,
    resyncs: { FOREIGN_CURSOR: 1, GAP: 3, RETENTION: 0 },
    subscriptions: 0,
    distinctOperations: 0,
  });

  await client.subscribe("e", query);
  client.socket.terminate();
  await waitFor(() => world.stack.live.counters().connectionsOpen === 0, { what: "no connection" });
  expect(world.stack.live.counters()).toMatchObject({ connectionsTotal: 1, subscriptions: 0, distinctOperations: 0 });
});
