// Twenty subscribers of one organisation read a long backlog while one of another reads a short one, and a third
// follows live: whose turn is it?
import { expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, viewer } from "./live-stack.ts";
import { connect } from "./socket-client.ts";
import { liveStackOfFile } from "./stack-of-file.ts";

const world = liveStackOfFile({ settings: { LIVE_RING_EVENTS: 20 } });

const QUERY = "subscription Orders($shop: ID) { orderEvents(shop: $shop) { sequence } }";
const SUBSCRIBERS = 20;
const LONG = 500;
/** Five parts of a catch-up. */
const SHORT = 320;

async function member(shop: string) {
  world.stack.viewers.set(shop, viewer(`user-${shop}`, { [shop]: ["orders.read"] }));
  const client = await connect(world.stack.url);
  await client.init(shop);
  await client.subscribe("first", QUERY, { variables: { shop } });
  const cursor = client.cursor("first");
  client.send({ id: "first", type: "complete" });
  return { client, cursor, variables: { shop } };
}

test("a long backlog of one organisation leaves another's catch-up its turns and live events theirs, and all of it comes", async () => {
  const [busy, quiet, live] = [await member("busy"), await member("quiet"), await member("live")];
  const writer = eventWriter(world.log, "live");
  const backlog = eventWriter(world.log, "busy");
  while (backlog.sequence < LONG) await backlog.append(250);
  await eventWriter(world.log, "quiet").append(SHORT);
  await waitFor(() => world.stack.live.counters().eventsIn === LONG + SHORT, { what: "the tail to arrive" });
  await live.client.subscribe("live", QUERY, { variables: live.variables });

  const ids = Array.from({ length: SUBSCRIBERS }, (_, index) => `busy-${index}`);
  let ofBusy = 0;
  busy.client.socket.on("message", (data) => {
    if (String(data).includes('"type":"next"')) ofBusy += 1;
  });
  let mostRunning = 0;
  const watching = setInterval(() => {
    mostRunning = Math.max(mostRunning, world.stack.live.counters().catchUps.running);
  }, 1);
  const flood = ids.map((id) => busy.client.subscribe(id, QUERY, { variables: busy.variables, resume: busy.cursor }));
  await waitFor(() => ofBusy > 0, { what: "the flood to be under way", intervalMs: 1 });
  await quiet.client.subscribe("quiet", QUERY, { variables: quiet.variables, resume: quiet.cursor });
  await quiet.client.take("next", "quiet", 1);
  const before = ofBusy;
  await quiet.client.take("next", "quiet", SHORT);
  // Two of the flood's parts for each of the other's; what its socket holds and this process has not read comes on top.
  // Behind the flood it would be nearly all.
  expect(ofBusy - before).toBeLessThan((SUBSCRIBERS * LONG) / 2);
  for (let event = 1; event <= 5; event += 1) {
    await writer.append(1);
    await live.client.take("next", "live", event);
  }
  await Promise.all(flood);
  await waitFor(() => ofBusy === SUBSCRIBERS * LONG, { what: "the whole backlog", deadlineMs: 60_000 });
  clearInterval(watching);
  // Two places of the busy organisation, and one of the other.
  expect(mostRunning).toBeLessThanOrEqual(3);
  // Each comes once more, to find that nothing is left.
  const isOver = () => {
    const { running, waiting } = world.stack.live.counters().catchUps;
    return running + waiting === 0;
  };
  await waitFor(isOver, { what: "the last of them to be told that it has everything" });
  for (const { client } of [busy, quiet, live]) client.close();
});
