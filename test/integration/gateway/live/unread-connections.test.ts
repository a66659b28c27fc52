// A reader that stops reading, over both transports: it costs a bounded amount of memory, is told why it was closed
// when it reads on soon, and lacks nothing when it comes back. What a field that coalesces does instead is in
// slow-readers.test.ts.
import { type IncomingMessage, request } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, viewer } from "./live-stack.ts";
import { connect } from "./socket-client.ts";
import { streamStackOfFile } from "./stack-of-file.ts";
import { read } from "./stream-stack.ts";

const EVENTS = 60;
const EVENT_BYTES = 1_000_000;
/** Memory is looked at after each so many events. */
const SAMPLED = 15;
/**
 * Far less than all events (60 MB), far more than what may wait for one reader (4 MiB), the ring and the log's batches.
 */
const MEMORY_BYTES = 40 * 1024 * 1024;
const QUERY = (key: string) =>
  `subscription { orderEvents(shop: "${key}") { sequence event { ... on OrderPlaced { color } } } }`;

const world = streamStackOfFile({ settings: { LIVE_RING_EVENTS: 4, SSE_HEARTBEAT_MS: 60_000, WS_PING_MS: 60_000 } });

beforeAll(async () => {
  // Both transports' signs of life are out of the way: what is shown here is what waits.
  setFlagsFromString("--expose-gc");
});

function admit(key: string): string {
  world.stack.live.viewers.set(key, viewer(`user of ${key}`, { [key]: ["orders.read"] }));
  return key;
}

/**
 * In use by this process, without what could be collected: buffers are only counted off some turns behind the
 * collection.
 */
async function memory(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round += 1) {
    runInNewContext("gc")();
    await new Promise((resolve) => setTimeout(resolve, 10));
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
}

/**
 * Appends all events and waits until the gateway has them.
 * @returns the most memory that was in use on the way, in bytes
 */
async function appendMuch(key: string): Promise<number> {
  const writer = eventWriter(world.log, key);
  const color = "c".repeat(EVENT_BYTES);
  const { eventsIn } = live().counters();
  let most = 0;
  for (let event = 1; event <= EVENTS; event += 1) {
    await writer.append(1, undefined, { color });
    if (event % SAMPLED !== 0) continue;
    await waitFor(() => live().counters().eventsIn >= eventsIn + event, {
      what: `${event} events`,
    });
    most = Math.max(most, await memory());
  }
  return most;
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const live = () => world.stack.live.live;

test("a socket that is not read is closed with 4508, holds a bounded amount until then, and resumes with nothing lost [EV-09]", async () => {
  const key = admit("slow-socket");
  const [client, never] = [await connect(world.stack.live.url), await connect(world.stack.live.url)];
  for (const one of [client, never]) {
    await one.init(key);
    await one.subscribe("a", QUERY(key));
    one.socket.pause();
  }
  const start = client.cursor("a");
  const { slowCloses } = live().counters();
  const before = await memory();
  const appending = appendMuch(key);
  await waitFor(() => live().counters().subscriptions === 0, { what: "both to be closed" });
  expect(live().counters().slowCloses).toBe(slowCloses + 2);

  client.socket.resume();
  expect(await client.closed()).toMatchObject({ code: 4508 });
  expect((await appending) - before).toBeLessThan(MEMORY_BYTES);
  never.socket.terminate();
  const seen = client.of("next", "a").map(({ payload }) => Number(payload.data.orderEvents.sequence));
  expect(seen).toEqual(range(1, seen.length));
  expect(seen.length).toBeLessThan(EVENTS);
  const again = await connect(world.stack.live.url);
  await again.init(key);
  await again.subscribe("a", QUERY(key), { resume: seen.length === 0 ? start : client.cursor("a") });
  const rest = await waitFor(() => again.of("next", "a").length >= EVENTS - seen.length && again.of("next", "a"), {
    what: "the rest",
  });
  expect(rest.map(({ payload }) => Number(payload.data.orderEvents.sequence))).toEqual(range(seen.length + 1, EVENTS));
  again.close();
});

test("an event stream that is not read is ended with SLOW_CONSUMER, holds a bounded amount until then, and resumes with nothing lost [EV-09] [WS-10]", async () => {
  const key = admit("slow-stream");
  const [response, never] = [await openUnread(key), await openUnread(key)];
  await waitFor(() => live().counters().subscriptions === 2, { what: "the subscriptions" });
  const { slowCloses } = live().counters();
  const before = await memory();
  const appending = appendMuch(key);
  await waitFor(() => live().counters().subscriptions === 0, { what: "both to be ended" });
  expect(live().counters().slowCloses).toBe(slowCloses + 2);

  const blocks = await readToEnd(response);
  expect((await appending) - before).toBeLessThan(MEMORY_BYTES);
  never.destroy();
  const nexts = blocks.filter((block) => block.includes("event: next"));
  const last = JSON.parse(/^data: (.*)$/m.exec(nexts.at(-1) ?? "")?.[1] ?? "null");
  expect(last.errors[0].extensions).toMatchObject({ code: "SLOW_CONSUMER", reason: "SLOW_CONSUMER" });
  expect(blocks.at(-1)).toContain("event: complete");
  const seen = nexts.slice(0, -1).map((block) => Number(/"sequence":"(\d+)"/.exec(block)?.[1]));
  expect(seen).toEqual(range(1, seen.length));
  expect(seen.length).toBeLessThan(EVENTS);
  const ids = blocks.flatMap((block) => /^id: ?(.*)$/m.exec(block)?.[1] ?? []);
  const again = await read(world.stack.url, {
    query: QUERY(key),
    token: key,
    headers: { "last-event-id": ids.at(-1) ?? "" },
  });
  await waitFor(() => again.nexts().length >= EVENTS - seen.length, { what: "the rest" });
  expect(again.nexts().map(({ data }) => Number(data.data.orderEvents.sequence))).toEqual(
    range(seen.length + 1, EVENTS),
  );
  again.abort();
});

/** An answer of which nothing is read before somebody asks for it. */
function openUnread(key: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asking = request(
      world.stack.url,
      {
        method: "POST",
        headers: { accept: "text/event-stream", "content-type": "application/json", authorization: `Bearer ${key}` },
      },
      (response) => {
        // Whoever is not read for long enough is cut off.
        response.on("error", () => undefined);
        resolve(response);
      },
    );
    asking.on("error", reject);
    asking.end(JSON.stringify({ query: QUERY(key) }));
  });
}

async function readToEnd(response: IncomingMessage): Promise<string[]> {
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return text.split("\n\n").filter((block) => block !== "");
}
