// Readers that pause on a field that promises the newest event per key, over every transport.
import { request } from "node:http";
import { expect, test } from "vitest";
import { createHub, type Hub } from "../../../../gateway/live/hub.ts";
import type { Identity } from "../../../../platform/auth/identity.ts";
import { textAsId } from "../../../support/identities.ts";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, viewer } from "./live-stack.ts";
import { connect } from "./socket-client.ts";
import { streamStackOfFile } from "./stack-of-file.ts";

const TOPIC = "stock.events";
const ITEMS = ["a", "b", "c", "d", "e"];
const NOTE = "n".repeat(20_000);
const ROUNDS = 12;
const BATCH = 10;
const EVENTS = ROUNDS * BATCH * ITEMS.length;
const query = (shop: string) =>
  `subscription { stockLevels(shop: "${shop}") { sequence event { ... on StockChanged { item note } } } }`;

const world = streamStackOfFile();

interface Frame {
  readonly sequence: number;
  readonly item: string;
  readonly skipped: number;
  readonly cursor: string;
}

interface LevelPayload {
  readonly data: { readonly stockLevels: { readonly sequence: string; readonly event: { readonly item: string } } };
  readonly extensions: { readonly tributary: { readonly cursor: string; readonly skipped?: number } };
}

function frameOf({ data, extensions: { tributary } }: LevelPayload): Frame {
  const { sequence, event } = data.stockLevels;
  return { sequence: Number(sequence), item: event.item, skipped: tributary.skipped ?? 0, cursor: tributary.cursor };
}

/** A reader that can pause, over one of the transports. */
interface Reader {
  frames(): Frame[];
  pause(): void;
  resume(): void;
  close(): void;
}

async function overSocket(shop: string, token: string): Promise<Reader> {
  const client = await connect(world.stack.live.url);
  await client.init(token);
  await client.subscribe("a", query(shop));
  return {
    frames: () => client.of("next", "a").map(({ payload }) => frameOf(payload)),
    pause: () => client.socket.pause(),
    resume: () => client.socket.resume(),
    close: () => client.close(),
  };
}

async function overHttp(accept: string, shop: string, token: string): Promise<Reader> {
  const { promise, resolve } = Promise.withResolvers<import("node:http").IncomingMessage>();
  const headers = { accept, authorization: `Bearer ${token}`, "content-type": "application/json" };
  const asked = request(world.stack.url, { method: "POST", headers }, resolve);
  asked.end(JSON.stringify({ query: query(shop) }));
  const response = await promise;
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  response.on("error", () => undefined);
  await waitFor(() => world.stack.counts().subscriptions > 0 && text !== "", { what: "the subscription" });
  return {
    frames: () =>
      text.split("\n").flatMap((line) => {
        const json = /^(?:data: |\{"payload":)(\{"data".*?)\}?\r?$/.exec(line)?.[1];
        if (json === undefined) return [];
        const whole = line.startsWith("data: ") ? line.slice("data: ".length) : json;
        return [frameOf(JSON.parse(whole))];
      }),
    pause: () => response.pause(),
    resume: () => response.resume(),
    close: () => asked.destroy(),
  };
}

test.each([
  ["a socket", overSocket],
  ["SSE", (shop: string, token: string) => overHttp("text/event-stream", shop, token)],
  ["multipart", (shop: string, token: string) => overHttp('multipart/mixed;subscriptionSpec="1.0"', shop, token)],
])(
  "over %s a reader that pauses gets the newest event per key, and a count of all that were left out",
  async (name, open) => {
    const shop = `latest-${name.replaceAll(" ", "-")}`;
    world.stack.live.viewers.set(shop, viewer(`user of ${shop}`, { [shop]: ["orders.read"] }));
    const writer = eventWriter(world.log, shop, TOPIC);
    const reader = await open(shop, shop);
    const counters = () => world.stack.live.live.counters();
    const { slowCloses, eventsIn } = counters();
    reader.pause();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const item of ITEMS)
        await writer.append(BATCH, "stock.item.changed.v1", { item, version: 1, count: 1, note: NOTE });
    }
    await waitFor(() => counters().eventsIn >= eventsIn + EVENTS, { what: "the tail to have taken all events" });
    reader.resume();
    const frames = await waitFor(() => reader.frames().at(-1)?.sequence === EVENTS && reader.frames(), {
      what: `the last event; have ${reader.frames().length}`,
    });

    expect(frames.reduce((sum, { skipped }) => sum + 1 + skipped, 0)).toBe(EVENTS);
    expect(frames.length).toBeLessThan(EVENTS - 50);
    expect(counters().slowCloses).toBe(slowCloses);
    let counted = 0;
    for (const { sequence, skipped } of frames) {
      counted += skipped + 1;
      expect(sequence).toBe(counted);
    }
    for (const [index, item] of ITEMS.entries()) {
      const newest = EVENTS - (ITEMS.length - 1 - index) * BATCH;
      expect(frames.findLast((frame) => frame.item === item)?.sequence).toBe(newest);
    }
    reader.close();

    // From any frame on, a resume brings everything behind it that was not counted.
    const middle = frames.findLast(({ skipped }) => skipped > 0) ?? expect.fail("nothing was left out");
    const again = await connect(world.stack.live.url);
    await again.init(shop);
    await again.subscribe("b", query(shop), { resume: middle.cursor });
    const rest = await again.take("next", "b", EVENTS - middle.sequence);
    expect(rest.map(({ payload }) => frameOf(payload).sequence)).toEqual(
      Array.from({ length: EVENTS - middle.sequence }, (_, index) => middle.sequence + 1 + index),
    );
    again.close();
  },
);

test("a reader that pauses over more keys than may wait is closed as too slow, and resumes without a loss", async () => {
  const shop = "too many keys";
  world.stack.live.viewers.set(shop, viewer("user of many keys", { [shop]: ["orders.read"] }));
  const writer = eventWriter(world.log, shop, TOPIC);
  const client = await connect(world.stack.live.url);
  await client.init(shop);
  await client.subscribe("a", query(shop));
  const start = client.cursor("a");
  client.socket.pause();
  const events = 700;
  for (let n = 1; n <= events; n += 1) {
    await writer.append(1, "stock.item.changed.v1", { item: `item ${n}`, version: 1, count: 1, note: NOTE });
  }
  client.socket.resume();
  expect(await client.closed()).toMatchObject({ code: 4508 });
  const frames = client.of("next", "a").map(({ payload }) => frameOf(payload));
  expect(frames.map(({ sequence }) => sequence)).toEqual(frames.map((_, index) => index + 1));
  const again = await connect(world.stack.live.url);
  await again.init(shop);
  await again.subscribe("a", query(shop), { resume: frames.at(-1)?.cursor ?? start });
  const rest = await again.take("next", "a", events - frames.length);
  expect(rest.map(({ payload }) => frameOf(payload).sequence).at(-1)).toBe(events);
  again.close();
});

test("a resume that is not read leaves out alike, and counts", async () => {
  const shop = "unread-resume";
  world.stack.live.viewers.set(shop, viewer("user of unread", { [shop]: ["orders.read"] }));
  const writer = eventWriter(world.log, shop, TOPIC);
  const client = await connect(world.stack.live.url);
  await client.init(shop);
  await client.subscribe("a", query(shop));
  const start = client.cursor("a");
  client.close();
  await waitFor(() => world.stack.counts().subscriptions === 0, { what: "the end of the first subscription" });
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const item of ITEMS) {
      await writer.append(BATCH, "stock.item.changed.v1", { item, version: 1, count: 1, note: NOTE });
    }
  }
  const { enrichments, slowCloses } = world.stack.live.live.counters();
  const again = await connect(world.stack.live.url);
  await again.init(shop);
  await again.subscribe("a", query(shop), { resume: start });
  again.socket.pause();
  await waitFor(() => world.stack.live.live.counters().enrichments === enrichments + EVENTS, { what: "the replay" });
  again.socket.resume();
  const frames = await waitFor(
    () => {
      const all = again.of("next", "a").map(({ payload }) => frameOf(payload));
      return all.at(-1)?.sequence === EVENTS && all;
    },
    { what: "the last event" },
  );
  expect(frames.reduce((sum, { skipped }) => sum + 1 + skipped, 0)).toBe(EVENTS);
  expect(frames.length).toBeLessThan(EVENTS - 50);
  expect(world.stack.live.live.counters().slowCloses).toBe(slowCloses);
  again.close();
});

/** A subscription without a transport, whose reader is as slow as the test says. */
async function followSlowly(hub: Hub, shop: string, identity: () => Identity, resume?: string) {
  const frames: Frame[] = [];
  let room = Promise.withResolvers<void>();
  let congested = false;
  const subscription = await hub.subscribe({
    query: query(shop),
    resume,
    viewer: { identity, client: {} },
    sink: {
      next: (text) => void frames.push(frameOf(JSON.parse(text))),
      writable: () => (congested ? room.promise : undefined),
      fail: () => undefined,
    },
  });
  subscription.start();
  return {
    subscription,
    frames,
    pause() {
      room = Promise.withResolvers<void>();
      congested = true;
    },
    resume() {
      congested = false;
      room.resolve();
    },
  };
}

test("the cursor of a reader for whom something waits is not behind it, also when the reader moves to another audience", async () => {
  const shop = "waiting";
  const writer = eventWriter(world.log, shop, TOPIC);
  const hub = createHub(world.stack.live.ports);
  await hub.start();
  let sessionId = "session-1";
  const identity = (): Identity => {
    const { identity: member } = viewer("user of waiting", { [shop]: ["orders.read"] });
    return member.kind === "USER" ? { ...member, sessionId: textAsId("ses", sessionId) } : member;
  };
  const change = (item: string) => writer.append(1, "stock.item.changed.v1", { item, version: 1, count: 1 });
  const tailed = (count: number) => waitFor(() => hub.counters().eventsIn >= count, { what: `${count} events` });
  const before = hub.counters().eventsIn;
  const slow = await followSlowly(hub, shop, identity);
  await change("a");
  await waitFor(() => slow.frames.length === 1, { what: "the first event" });
  slow.pause();
  for (const item of ["a", "b", "a", "b"]) await change(item);
  await tailed(before + 5);
  // Enriched for another reader by now, so for this one too.
  const quick = await followSlowly(hub, shop, identity, slow.frames[0]?.cursor);
  await waitFor(() => quick.frames.length === 4, { what: "the same events elsewhere" });
  expect(slow.frames).toHaveLength(1);
  const resumed = await followSlowly(hub, shop, identity, slow.subscription.cursor());
  await waitFor(() => resumed.frames.length === 4, { what: "everything behind the cursor" });
  expect(resumed.frames.map(({ sequence }) => sequence)).toEqual([2, 3, 4, 5]);

  sessionId = "session-2";
  slow.subscription.reconsider();
  await change("b");
  await tailed(before + 6);
  slow.resume();
  await waitFor(() => slow.frames.at(-1)?.sequence === 6, { what: "the newest event" });
  expect(slow.frames.reduce((sum, { skipped }) => sum + 1 + skipped, 0)).toBe(6);
  for (const { subscription } of [slow, quick, resumed]) subscription.stop();
  await hub.stop();
});
