// An id belongs to the operation that uses it now: it is free at once after a `complete`, whatever its first use is
// still doing.
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, type LiveStack, startLiveStack, viewer } from "./live-stack.ts";
import { connect, type SocketClient } from "./socket-client.ts";
import { liveStackOfFile } from "./stack-of-file.ts";

const world = liveStackOfFile();
let held: LiveStack;
/** What holds queries of `held` back. */
let gates: PromiseWithResolvers<void>[] = [];

const DEPARTMENT = "reuse";
const EVENTS = (shop: string) => `subscription { orderEvents(shop: "${shop}") { sequence } }`;
const subscribe = (id: string, query: string) => ({ id, type: "subscribe", payload: { query } });
const complete = (id: string) => ({ id, type: "complete" });

beforeAll(async () => {
  held = await startLiveStack({
    log: world.log,
    operations: {
      async receive({ query = "" }) {
        if (query.includes("slow")) {
          const gate = Promise.withResolvers<void>();
          gates.push(gate);
          await gate.promise;
        }
        return { text: query, accepted: () => undefined };
      },
    },
  });
});
afterAll(() => held?.stop());

async function open(stack: LiveStack, ...shops: string[]): Promise<SocketClient> {
  const grants = Object.fromEntries(shops.map((shop) => [shop, ["orders.read"]]));
  const token = `member of ${shops.join(" ")}`;
  stack.viewers.set(token, viewer(`user-${shops[0]}`, grants));
  const client = await connect(stack.url);
  await client.init(token);
  return client;
}

const startsOf = (client: SocketClient, id: string) =>
  client.messages.filter(({ payload }) => payload?.tributary?.cursors?.[id] !== undefined).length;
const subscriptions = (stack: LiveStack) => stack.live.counters().subscriptions;
/** Everything that was sent before was handled. */
async function settled(client: SocketClient): Promise<void> {
  const mark = crypto.randomUUID();
  client.send({ type: "ping", payload: { mark } });
  await waitFor(() => client.messages.some(({ type, payload }) => type === "pong" && payload?.mark === mark), {
    what: "the pong",
  });
}

test.each([1, 2, 3, 10, 150, 400])(
  "an id that is completed and used again %d times in one burst follows once, and others notice nothing",
  async (cycles) => {
    const shop = `${DEPARTMENT}-${cycles}`;
    const before = subscriptions(world.stack);
    const client = await open(world.stack, shop, `${shop}-other`);
    await client.subscribe("other", EVENTS(`${shop}-other`));
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      client.send(subscribe("1", EVENTS(shop)));
      client.send(complete("1"));
    }
    client.send(subscribe("1", EVENTS(shop)));
    await waitFor(() => startsOf(client, "1") >= 1, { what: "the start" });
    await waitFor(() => subscriptions(world.stack) === before + 2, { what: "the dropped ones to end" });
    await eventWriter(world.log, shop).append(2);
    await eventWriter(world.log, `${shop}-other`).append(1);
    await client.take("next", "other", 1);
    await client.take("next", "1", 2);
    await settled(client);
    expect(client.of("next", "1").map(({ payload }) => payload.data.orderEvents.sequence)).toEqual(["1", "2"]);
    expect(client.of("complete", "1")).toEqual([]);
    expect(client.of("error", "1")).toEqual([]);
    client.close();
    await waitFor(() => subscriptions(world.stack) === before, { what: "nothing to be left" });
  },
);

test("many ids that are completed at once leave room for those that are used", async () => {
  const shop = `${DEPARTMENT}-many`;
  const client = await open(world.stack, shop);
  for (let turn = 0; turn < 300; turn += 1) {
    client.send(subscribe(`gone-${turn}`, EVENTS(shop)));
    client.send(complete(`gone-${turn}`));
  }
  for (let turn = 0; turn < 100; turn += 1) client.send(subscribe(`kept-${turn}`, EVENTS(shop)));
  await waitFor(
    () => Array.from({ length: 100 }, (_, turn) => startsOf(client, `kept-${turn}`)).every((n) => n === 1),
    {
      what: "100 starts",
      deadlineMs: 15_000,
    },
  );
  expect(client.messages.filter(({ type }) => type === "error")).toEqual([]);
  client.send(subscribe("one too many", EVENTS(shop)));
  const [refused] = await client.take("error", "one too many");
  expect(refused?.payload[0].extensions.code).toBe("TOO_MANY_SUBSCRIPTIONS");
  client.close();
});

test("the second use is answered while the first is still being prepared, and the first never", async () => {
  gates = [];
  const shop = `${DEPARTMENT}-twice`;
  const client = await open(held, shop);
  const before = subscriptions(held);
  client.send(subscribe("1", `${EVENTS(shop)} # slow`));
  await waitFor(() => gates.length === 1, { what: "the first use to be held" });
  client.send(complete("1"));
  client.send(subscribe("1", EVENTS(shop)));
  await waitFor(() => startsOf(client, "1") === 1, { what: "the second start" });
  gates[0]?.resolve();
  await waitFor(() => subscriptions(held) === before + 1, { what: "the first to be dropped" });
  await eventWriter(world.log, shop).append(1);
  await client.take("next", "1", 1);
  await settled(client);
  expect(client.of("next", "1")).toHaveLength(1);
  expect(startsOf(client, "1")).toBe(1);
  client.close();
});

test("a query under a used id is answered by its own result alone", async () => {
  gates = [];
  const client = await open(held, `${DEPARTMENT}-query`);
  client.send(subscribe("q", "{ slow: orders { id } }"));
  await waitFor(() => gates.length === 1, { what: "the first query to be held" });
  client.send(complete("q"));
  client.send(subscribe("q", "{ second: orders { id } }"));
  const [answer] = await client.take("next", "q");
  expect(answer?.payload.data).toEqual({ second: [] });
  await client.take("complete", "q");
  client.send(subscribe("q", "{ third: orders { id } }"));
  gates[0]?.resolve();
  await client.take("complete", "q", 2);
  await settled(client);
  expect(client.of("next", "q").map(({ payload }) => Object.keys(payload.data))).toEqual([["second"], ["third"]]);
  client.close();
});

test.each([
  ["a subscription", EVENTS(`${DEPARTMENT}-active`)],
  ["a query", "{ slow: orders { id } }"],
  ["a mutation", "mutation { slow: orderCancel }"],
])("an id that %s uses closes the socket with 4409, and all that it carried ends", async (_, query) => {
  gates = [];
  const client = await open(held, `${DEPARTMENT}-active`);
  const before = subscriptions(held);
  await client.subscribe("other", EVENTS(`${DEPARTMENT}-active`));
  client.send(subscribe("1", query));
  if (query.includes("slow")) await waitFor(() => gates.length === 1, { what: "the first use to be held" });
  client.send(subscribe("1", "{ orders { id } }"));
  expect(await client.closed()).toEqual({ code: 4409, reason: "Subscriber for 1 already exists" });
  for (const gate of gates) gate.resolve();
  await waitFor(() => subscriptions(held) === before, { what: "nothing to be left" });
});

test("a `complete` of what never was, was completed or was answered changes nothing", async () => {
  const shop = `${DEPARTMENT}-unknown`;
  const client = await open(world.stack, shop);
  client.send(complete("never"));
  client.send(subscribe("q", "{ orders { id } }"));
  await client.take("complete", "q");
  client.send(complete("q"));
  client.send(complete("q"));
  await client.subscribe("q", EVENTS(shop));
  client.send(complete("other"));
  await eventWriter(world.log, shop).append(1);
  await client.take("next", "q", 2);
  expect(client.socket.readyState).toBe(client.socket.OPEN);
  client.close();
});

test("a refused operation frees its id at once", async () => {
  const client = await open(world.stack, `${DEPARTMENT}-refused`);
  for (let turn = 1; turn <= 50; turn += 1) {
    client.send(subscribe("1", "{ nothing"));
    await client.take("error", "1", turn);
  }
  expect(client.socket.readyState).toBe(client.socket.OPEN);
  client.close();
});
