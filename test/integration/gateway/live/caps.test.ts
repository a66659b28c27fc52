// How much one user and one organisation may hold, and that whoever holds nothing useful makes room.
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { eventLogOfFile } from "../../../support/services/event-log-of-file.ts";
import { waitFor, waitWithin } from "../../../support/wait.ts";
import { eventWriter, startLiveStack, viewer } from "./live-stack.ts";
import { connect, type SocketClient } from "./socket-client.ts";
import { read, startStreamStack } from "./stream-stack.ts";

const events = eventLogOfFile();

const QUERY = (shop: string) => `subscription { orderEvents(shop: "${shop}") { sequence } }`;

async function open(token: string, url: string): Promise<SocketClient> {
  const client = await connect(url);
  await client.init(token);
  return client;
}

test("a user's socket beyond the cap is closed with 4429, and a closed one makes room [WS-06]", async () => {
  const capped = await startLiveStack({ log: events.log, settings: { WS_SOCKETS_PER_USER: 3 } });
  capped.viewers.set("many", viewer("user-c1", { "org-c1": ["orders.read"] }));
  capped.viewers.set("other", viewer("user-c2", {}));
  const clients = await Promise.all([1, 2, 3].map(() => open("many", capped.url)));
  const fourth = await connect(capped.url);
  fourth.send({ type: "connection_init", payload: { accessToken: "many" } });
  expect(await fourth.closed()).toMatchObject({
    code: 4429,
    reason: expect.stringContaining("Too many sockets and streams"),
  });
  await open("other", capped.url);
  clients[0]?.close();
  await clients[0]?.closed();
  await open("many", capped.url);
  const [, second] = clients;
  await second?.subscribe("a", QUERY("org-c1"));
  await eventWriter(events.log, "org-c1").append(1);
  await second?.take("next", "a");
  await capped.stop();
});

test("an organization's subscription beyond the cap is refused by id, and an ended one makes room [WS-06]", async () => {
  const capped = await startLiveStack({ log: events.log, settings: { LIVE_SUBSCRIPTIONS_PER_ORGANIZATION: 2 } });
  capped.viewers.set("one", viewer("user-c3", { "org-c3": ["orders.read"], "org-c4": ["orders.read"] }));
  capped.viewers.set("two", viewer("user-c4", { "org-c3": ["orders.read"] }));
  const one = await open("one", capped.url);
  const two = await open("two", capped.url);
  await one.subscribe("a", QUERY("org-c3"));
  await two.subscribe("a", QUERY("org-c3"));
  await two.subscribe("b", QUERY("org-c3"));
  expect(two.of("error", "b")[0]?.payload[0].extensions).toMatchObject({ code: "TOO_MANY_SUBSCRIPTIONS", status: 429 });
  await one.subscribe("elsewhere", QUERY("org-c4"));
  await one.subscribe("own", "subscription { orderEvents { sequence } }");
  expect([...one.of("error", "elsewhere"), ...one.of("error", "own")]).toEqual([]);
  one.send({ id: "a", type: "complete" });
  await two.subscribe("c", QUERY("org-c3"));
  expect(two.of("error", "c")).toEqual([]);
  // A socket that is gone gives back everything it had.
  two.socket.terminate();
  let tries = 0;
  await waitFor(
    async () => {
      tries += 1;
      await one.subscribe(`again-${tries}`, QUERY("org-c3"));
      return one.of("error", `again-${tries}`).length === 0;
    },
    { what: "room after a lost socket" },
  );
  await eventWriter(events.log, "org-c3").append(1);
  await one.take("next", `again-${tries}`);
  await capped.stop();
});

test("a plan caps its organization's subscriptions exactly, also when all come at once; an unknown plan caps nothing [WS-06]", async () => {
  const plans = new Map<string, bigint | null | undefined>([
    ["org-p1", 7n],
    ["org-p2", null],
    ["org-p4", 1_000n],
  ]);
  const asked: string[] = [];
  const capped = await startLiveStack({
    log: events.log,
    settings: { LIVE_SUBSCRIPTIONS_PER_ORGANIZATION: 20 },
    planFeatures: {
      async limit(organizationId, key) {
        asked.push(`${organizationId} ${key}`);
        return plans.get(organizationId);
      },
    },
  });
  const all = ["org-p1", "org-p2", "org-p3", "org-p4"];
  capped.viewers.set("planned", viewer("user-p", Object.fromEntries(all.map((org) => [org, ["orders.read"]]))));
  const client = await open("planned", capped.url);
  const limits: number[] = [];
  for (const org of all) {
    const ids = Array.from({ length: 21 }, (_, index) => `${org}-${index}`);
    await Promise.all(ids.map((id) => client.subscribe(id, QUERY(org))));
    const refused = ids.filter((id) => client.of("error", id).length > 0);
    limits.push(ids.length - refused.length);
    const [error] = client.of("error", refused[0] ?? "")[0]?.payload ?? [];
    expect(error.extensions).toMatchObject({ code: "TOO_MANY_SUBSCRIPTIONS", status: 429 });
    expect(error.message).toContain(org === "org-p1" ? "plan allows 7" : "has its 20");
    expect(error.extensions.planLimit).toBe(org === "org-p1" ? "7" : undefined);
  }
  expect(limits).toEqual([7, 20, 20, 20]);
  expect(new Set(asked)).toEqual(new Set(all.map((org) => `${org} live_connections`)));
  await client.subscribe("own", "subscription { orderEvents { sequence } }");
  expect(client.of("error", "own")).toEqual([]);

  // A downgrade ends nothing; who leaves makes no room until fewer are open than the plan allows.
  plans.set("org-p2", 19n);
  client.send({ id: "org-p2-0", type: "complete" });
  await client.subscribe("late", QUERY("org-p2"));
  expect(client.of("error", "late")[0]?.payload[0].extensions.planLimit).toBe("19");
  await eventWriter(events.log, "org-p2").append(1);
  await client.take("next", "org-p2-19");
  client.send({ id: "org-p2-1", type: "complete" });
  await client.subscribe("later", QUERY("org-p2"));
  expect(client.of("error", "later")).toEqual([]);
  await capped.stop();
});

test("sockets and streams of a user count together, whichever are more [WS-06]", async () => {
  const capped = await startStreamStack({ log: events.log, settings: { WS_SOCKETS_PER_USER: 3 } });
  const { live, url } = capped;
  live.viewers.set("both", viewer("user-c6", { "org-c6": ["orders.read"] }));
  live.viewers.set("other", viewer("user-c7", { "org-c6": ["orders.read"] }));
  const stream = (token = "both") => read(url, { query: QUERY("org-c6"), token });
  const sockets = await Promise.all([open("both", live.url), open("both", live.url)]);
  const third = await stream();
  expect(third.response.status).toBe(200);

  const refused = await fetch(url, {
    method: "POST",
    headers: { accept: "text/event-stream", authorization: "Bearer both", "content-type": "application/json" },
    body: JSON.stringify({ query: QUERY("org-c6") }),
  });
  expect(refused.status).toBe(429);
  expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: "TOO_MANY_SUBSCRIPTIONS" } }] });
  const socket = await connect(live.url);
  socket.send({ type: "connection_init", payload: { accessToken: "both" } });
  expect(await socket.closed()).toMatchObject({ code: 4429 });
  const another = await stream("other");
  expect(another.response.status).toBe(200);

  sockets[0]?.close();
  await sockets[0]?.closed();
  const again = await waitFor(
    async () => {
      const reader = await stream();
      return reader.response.status === 200 && reader;
    },
    { what: "room after a closed socket" },
  );
  third.abort();
  again.abort();
  await waitFor(() => capped.counts().subscriptions === 1, { what: "room after two closed streams" });
  await Promise.all([open("both", live.url), open("both", live.url)]);
  await capped.stop();
});

test("a thousand sockets that never send init are closed with 4408, and meanwhile a user connects within a second [WS-09]", async () => {
  const crowded = await startLiveStack({ log: events.log, settings: { WS_INIT_TIMEOUT_MS: 5_000 } });
  crowded.viewers.set("busy", viewer("user-c5", { "org-c5": ["orders.read"] }));
  const idle = await Promise.all(Array.from({ length: 1_000 }, () => openSilently(crowded.url)));
  const client = await waitWithin(1_000, () => open("busy", crowded.url), { what: "a user to connect" });
  await client.subscribe("a", QUERY("org-c5"));
  const codes = await Promise.all(idle.map(({ closed }) => closed));
  expect(new Set(codes)).toEqual(new Set([4408]));
  await eventWriter(events.log, "org-c5").append(1);
  await client.take("next", "a");
  await crowded.stop();
});

async function openSilently(url: string): Promise<{ readonly closed: Promise<number> }> {
  const socket = new WebSocket(url, "graphql-transport-ws");
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return { closed };
}
