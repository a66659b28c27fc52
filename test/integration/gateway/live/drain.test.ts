// A gateway that stops: its clients go on at another one, exactly where they were.
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { eventLogOfFile } from "../../../support/services/event-log-of-file.ts";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, type LiveStack, startLiveStack, viewer } from "./live-stack.ts";
import { connect, type SocketClient } from "./socket-client.ts";

const events = eventLogOfFile();

const SHOP = "shop-drained";
const QUERY = `subscription { orderEvents(shop: "${SHOP}") { sequence } }`;

async function startGateway(): Promise<LiveStack> {
  const stack = await startLiveStack({ log: events.log });
  stack.viewers.set("member", viewer("user-drained", { [SHOP]: ["orders.read"] }));
  return stack;
}

interface Close {
  readonly code: number;
  readonly reason: string;
}

/** A client as the protocol asks for: reconnects where a balancer sends it, and resumes. */
function startFollower(pick: () => string) {
  const earlier: string[] = [];
  const closes: Close[] = [];
  let current: SocketClient | undefined;
  let cursor: string | undefined;
  let over = false;
  const sequences = (client: SocketClient | undefined): string[] =>
    client?.of("next", "a").map(({ payload }) => payload.data.orderEvents.sequence) ?? [];

  async function once(): Promise<void> {
    const client = await connect(pick());
    if (client.socket.readyState !== client.socket.OPEN) return;
    const gone = new Promise<Close>((resolve) =>
      client.socket.once("close", (code, reason) => resolve({ code, reason: String(reason) })),
    );
    current = client;
    const ready = client
      .init("member")
      .then(() => client.subscribe("a", QUERY, cursor === undefined ? {} : { resume: cursor }));
    ready.catch(() => undefined);
    await Promise.race([ready, gone]);
    closes.push(await gone);
    current = undefined;
    earlier.push(...sequences(client));
    if (client.messages.some(({ type, payload }) => type === "ping" && payload?.tributary?.cursors?.["a"])) {
      cursor = client.cursor("a");
    }
  }

  const running = (async () => {
    while (!over) await once();
  })();
  return {
    closes,
    received: () => [...earlier, ...sequences(current)],
    subscribed: () =>
      current?.messages.some(({ type, payload }) => type === "ping" && payload?.tributary !== undefined),
    async stop() {
      over = true;
      current?.close();
      await running;
    },
  };
}

test("fifty clients lose nothing and get nothing twice while two gateways are stopped in turn [OP-01]", async () => {
  const first = await startGateway();
  const second = await startGateway();
  let serving = [first, second];
  let next = 0;
  const pick = (): string => {
    next += 1;
    return serving[next % serving.length]?.url ?? "";
  };
  const followers = Array.from({ length: 50 }, () => startFollower(pick));
  await waitFor(() => followers.every(({ subscribed }) => subscribed()), {
    what: "50 subscriptions",
  });

  const writer = eventWriter(events.log, SHOP);
  let writing = true;
  const written = (async () => {
    while (writing) {
      await writer.append(1);
      await pause(5);
    }
  })();
  const progress = async () => {
    const target = writer.sequence + 3;
    await waitFor(() => followers.every(({ received }) => received().length >= target), { what: "events everywhere" });
  };
  await progress();
  serving = [second];
  await first.stop();
  await progress();
  const third = await startGateway();
  serving = [third];
  await second.stop();
  await progress();
  writing = false;
  await written;

  const all = Array.from({ length: writer.sequence }, (_, index) => String(index + 1));
  await waitFor(() => followers.every(({ received }) => received().length >= all.length), { what: "the last event" });
  for (const { received } of followers) expect(received()).toEqual(all);
  const closes = followers.flatMap((follower) => follower.closes);
  expect(closes.length).toBeGreaterThanOrEqual(75);
  expect(new Set(closes.map(({ code }) => code))).toEqual(new Set([1012]));
  await Promise.all(followers.map((follower) => follower.stop()));
  await third.stop();
});

test("a drain is spread over its time, says when to come back, and refuses newcomers at once", async () => {
  const stack = await startLiveStack({ log: events.log, settings: { DRAIN_MS: 1_000 } });
  stack.viewers.set("member", viewer("user-drained", { [SHOP]: ["orders.read"] }));
  const clients = await Promise.all(Array.from({ length: 60 }, () => connect(stack.url)));
  const times: number[] = [];
  const since = performance.now();
  for (const { socket } of clients) socket.once("close", () => times.push(performance.now() - since));
  const stopping = stack.live.stop();
  const late = await connect(stack.url);
  expect(await late.closed()).toMatchObject({ code: 1006 });
  await stopping;
  const closes = await Promise.all(clients.map((client) => client.closed()));
  for (const { code, reason } of closes) {
    expect(code).toBe(1012);
    const { retryAfterMs } = JSON.parse(reason);
    expect(retryAfterMs).toBeGreaterThanOrEqual(0);
    expect(retryAfterMs).toBeLessThanOrEqual(1_000);
  }
  // A process that does not get the processor sees closes in bunches: half of the time is enough.
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(500);
  await stack.stop();
});
