// Tokens renewed in place while a socket is open.
import { expect, test } from "vitest";
import { userWith } from "../../../support/identities.ts";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, viewer } from "./live-stack.ts";
import { connect, type SocketClient } from "./socket-client.ts";
import { liveStackOfFile } from "./stack-of-file.ts";

const world = liveStackOfFile();

const QUERY = (shop: string) => `subscription { orderEvents(shop: "${shop}") { sequence } }`;

async function open(token: string, url = world.stack.url): Promise<SocketClient> {
  const client = await connect(url);
  await client.init(token);
  return client;
}

function refresh(client: SocketClient, accessToken: unknown) {
  const countBefore = client.messages.length;
  client.send({ type: "ping", payload: { tributary: { accessToken } } });
  return waitFor(() => client.messages.slice(countBefore).find(({ type }) => type === "pong")?.payload.tributary, {
    what: "a pong",
  });
}

test("a refreshed socket outlives its first token and loses no event", async () => {
  world.stack.viewers.set("short-1", viewer("user-r1", { "org-r1": ["orders.read"] }, 700));
  const renewed = viewer("user-r1", { "org-r1": ["orders.read"] });
  world.stack.viewers.set("long-1", renewed);
  const writer = eventWriter(world.log, "org-r1");
  const client = await open("short-1");
  const witness = await open("short-1");
  await client.subscribe("a", QUERY("org-r1"));
  await writer.append(1);
  expect(await refresh(client, "Bearer long-1")).toEqual({ expiresAt: renewed.expiresAt?.toISOString() });
  expect(JSON.stringify(client.messages)).not.toContain("long-1");
  expect(await witness.closed()).toEqual({ code: 4403, reason: "Token expired" });
  await writer.append(1);
  const frames = await client.take("next", "a", 2);
  expect(frames.map(({ payload }) => payload.data.orderEvents.sequence)).toEqual(["1", "2"]);
  expect(client.socket.readyState).toBe(client.socket.OPEN);
  client.close();
});

test("a refresh takes grants anew, more and fewer", async () => {
  world.stack.viewers.set("before", viewer("user-r2", { "org-r2": ["orders.read"] }));
  world.stack.viewers.set("after", viewer("user-r2", { "org-r3": ["orders.read"] }));
  const client = await open("before");
  await client.subscribe("lost", QUERY("org-r2"));
  await client.subscribe("early", QUERY("org-r3"));
  await refresh(client, "after");
  expect((await client.take("error", "lost"))[0]?.payload[0].extensions.code).toBe("NOT_FOUND");
  expect(client.of("error", "early")).toHaveLength(1);
  await client.subscribe("gained", QUERY("org-r3"));
  await eventWriter(world.log, "org-r3").append(1);
  await client.take("next", "gained");
  client.close();
});

test("a refreshed socket ends with the session of its newer token", async () => {
  world.stack.viewers.set("first", viewer("user-r4", {}));
  world.stack.viewers.set("second", viewer("user-r4", {}));
  const client = await open("first");
  await refresh(client, "second");
  world.stack.viewers.delete("first");
  world.stack.revoke({ userId: "user-r4" });
  await refresh(client, "second");
  world.stack.viewers.delete("second");
  world.stack.revoke({ userId: "user-r4" });
  expect(await client.closed()).toEqual({ code: 4403, reason: "Session ended" });
});

test.each(["forged", "", 7])(
  "the bad token %j is answered with an error, and the old one still counts",
  async (bad) => {
    world.stack.viewers.set("short-5", viewer("user-r5", {}, 500));
    const client = await open("short-5");
    expect(await refresh(client, bad)).toMatchObject({
      error: { extensions: { code: "UNAUTHENTICATED", status: 401 } },
    });
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    expect(await client.closed()).toEqual({ code: 4403, reason: "Token expired" });
  },
);

test("a token of another session is refused, one of another user closes the socket with 4403", async () => {
  world.stack.viewers.set("mine", viewer("user-r6", {}));
  world.stack.viewers.set("my phone", {
    identity: userWith({ userId: "user-r6", sessionId: "phone" }),
    expiresAt: new Date(Date.now() + 60_000),
  });
  world.stack.viewers.set("theirs", viewer("user-r7", {}));
  const client = await open("mine");
  expect(await refresh(client, "my phone")).toMatchObject({ error: { extensions: { code: "FORBIDDEN" } } });
  client.send({ type: "ping", payload: { tributary: { accessToken: "theirs" } } });
  expect(await client.closed()).toEqual({ code: 4403, reason: "Forbidden" });
});

test("a refresh before connection_init opens nothing", async () => {
  world.stack.viewers.set("eager", viewer("user-r8", { "org-r8": ["orders.read"] }));
  const client = await connect(world.stack.url);
  expect(await refresh(client, "eager")).toMatchObject({ error: { extensions: { code: "UNAUTHENTICATED" } } });
  client.send({ id: "a", type: "subscribe", payload: { query: QUERY("org-r8") } });
  expect(await client.closed()).toMatchObject({ code: 4401 });
});

test("a ping without a token is answered with its own payload", async () => {
  world.stack.viewers.set("plain", viewer("user-r9", {}));
  const client = await open("plain");
  client.send({ type: "ping", payload: { tributary: { note: 1 } } });
  client.send({ type: "ping" });
  await waitFor(() => client.messages.filter(({ type }) => type === "pong").length === 2, { what: "two pongs" });
  expect(client.messages.filter(({ type }) => type === "pong")).toEqual([
    { type: "pong", payload: { tributary: { note: 1 } } },
    { type: "pong" },
  ]);
  client.close();
});
