// What viewers may follow, and what happens to their streams when that changes while a socket is open.
import { beforeAll, expect, test } from "vitest";
import { namedId } from "../../../support/identities.ts";
import { waitWithin } from "../../../support/wait.ts";
import { eventWriter, viewer } from "./live-stack.ts";
import { connect, type SocketClient } from "./socket-client.ts";
import { liveStackOfFile } from "./stack-of-file.ts";

const world = liveStackOfFile();

beforeAll(async () => {
  world.stack.viewers.set("member", viewer("user-1", { "org-1": ["orders.read"], "org-2": ["nothing"] }));
});

const QUERY = (shop: string) => `subscription { orderEvents(shop: "${shop}") { sequence type } }`;

async function open(token = "member"): Promise<SocketClient> {
  const client = await connect(world.stack.url);
  await client.init(token);
  return client;
}

test("a token that expires closes the socket with 4403", async () => {
  world.stack.viewers.set("short", viewer("user-2", { "org-1": ["orders.read"] }, 300));
  const client = await open("short");
  expect(await client.closed()).toEqual({ code: 4403, reason: "Token expired" });
});

test("a missing permission is FORBIDDEN, a foreign organization is NOT_FOUND like one that does not exist", async () => {
  const client = await open();
  await client.subscribe("weak", QUERY("org-2"));
  await client.subscribe("foreign", QUERY("org-3"));
  const codeOf = (id: string) => client.of("error", id)[0]?.payload[0].extensions;
  expect(codeOf("weak")).toMatchObject({ code: "FORBIDDEN", status: 403 });
  expect(codeOf("foreign")).toMatchObject({ code: "NOT_FOUND", status: 404 });
  client.close();
});

test("without the key argument the viewer follows the own stream", async () => {
  const client = await open();
  await client.subscribe("own", "subscription { orderEvents { sequence } }");
  await eventWriter(world.log, "user-1").append(1);
  await client.take("next", "own");
  client.close();
});

test("a lost permission ends the subscription before the next event, and no other", async () => {
  world.stack.viewers.set("changing", viewer("user-4", { "org-4": ["orders.read"], "org-5": ["orders.read"] }));
  const client = await open("changing");
  await client.subscribe("four", QUERY("org-4"));
  await client.subscribe("five", QUERY("org-5"));
  world.stack.viewers.set("changing", viewer("user-4", { "org-4": [], "org-5": ["orders.read"] }));
  world.stack.revoke({ userId: "user-4", organizationId: "org-4" });
  await eventWriter(world.log, "org-4").append(1);
  await eventWriter(world.log, "org-5").append(1);
  expect((await client.take("error", "four"))[0]?.payload[0].extensions.code).toBe("FORBIDDEN");
  await client.take("next", "five");
  expect(client.of("next", "four")).toEqual([]);
  world.stack.viewers.set("changing", viewer("user-4", {}));
  world.stack.revoke({ organizationId: "org-5" });
  expect((await client.take("error", "five"))[0]?.payload[0].extensions.code).toBe("NOT_FOUND");
  client.close();
});

test("a replayed event is checked like a live one", async () => {
  const writer = eventWriter(world.log, "org-6");
  world.stack.viewers.set("past", viewer("user-6", { "org-6": ["orders.read"] }));
  const client = await open("past");
  await client.subscribe("a", QUERY("org-6"));
  const cursor = client.cursor("a");
  await writer.append(1);
  await client.take("next", "a");
  world.stack.viewers.set("past", viewer("user-6", { "org-6": [] }));
  world.stack.revoke({ userId: "user-6" });
  await client.take("error", "a");
  await client.subscribe("b", QUERY("org-6"), { resume: cursor });
  expect(client.of("error", "b")[0]?.payload[0].extensions.code).toBe("FORBIDDEN");
  client.close();
});

test("a session that ends closes its sockets with 4403 within a second, and no others", async () => {
  world.stack.viewers.set("ending", viewer("user-7", { "org-1": ["orders.read"] }));
  const client = await open("ending");
  const other = await open();
  await client.subscribe("a", QUERY("org-1"));
  world.stack.viewers.delete("ending");
  world.stack.revoke({ sessionId: namedId("ses", "user-7") });
  // By the event alone: facts of a session are kept for a minute.
  const closed = await waitWithin(1_000, () => client.closed(), { what: "the socket to close" });
  expect(closed).toEqual({ code: 4403, reason: "Session ended" });
  expect(other.socket.readyState).toBe(other.socket.OPEN);
  other.close();
});
