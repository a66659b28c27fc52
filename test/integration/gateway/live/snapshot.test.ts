// What a subscription that begins with a snapshot is sent, at the room.hub.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { textAsId } from "../../../support/identities.ts";
import { waitFor } from "../../../support/wait.ts";
import { viewer } from "./live-stack.ts";
import { kindsOf, received, STOCK_QUERY, startStockRoom } from "./stock-room.ts";

let room: Awaited<ReturnType<typeof startStockRoom>>;

beforeAll(async () => {
  room = await startStockRoom();
});

afterAll(() => room?.stop());

afterEach(() => {
  room.shop.onRead = async () => undefined;
  room.shop.failing.clear();
});

test("a subscription with a snapshot begins with the federated state, then has every later event once", async () => {
  const { shop, commit, relay } = room.createStock();
  commit("a");
  commit("b");
  await relay(2);
  const follower = room.createFollower(shop);
  const before = Date.now();
  await follower.connect();
  const [first] = await received(follower, 1);
  const { sequence, type, eventId, occurredAt, event } = first?.data.stockEvents ?? expect.fail();
  expect({ sequence, type }).toEqual({ sequence: "0", type: "tributary.snapshot.v1" });
  expect(eventId).toMatch(/^[0-9a-f-]{36}$/);
  expect(Date.parse(occurredAt)).toBeGreaterThanOrEqual(before);
  expect(event.shop).toEqual({
    id: shop,
    motto: `motto of ${shop}`,
    stock: [
      { item: "a", version: 1, count: 10 },
      { item: "b", version: 1, count: 10 },
    ],
  });
  expect(first?.extensions.tributary.snapshot).toBe(true);
  for (let n = 0; n < 3; n += 1) commit("a");
  await relay(3);
  expect(kindsOf(await received(follower, 4))).toEqual(["snapshot", "3", "4", "5"]);
  expect(follower.problems).toEqual([]);
  follower.drop();
});

test("the same document resumes without a snapshot, from the snapshot's own cursor too", async () => {
  const { shop, commit, relay } = room.createStock();
  const follower = room.createFollower(shop);
  await follower.connect();
  await received(follower, 1);
  follower.drop();
  commit("a");
  await relay(1);
  await follower.connect();
  expect(kindsOf(await received(follower, 2))).toEqual(["snapshot", "1"]);
  follower.drop();
});

test("whoever drops before the snapshot came gets one at the resume, not the events alone", async () => {
  const { shop, commit, relay } = room.createStock();
  commit("a");
  await relay(1);
  const reads = room.holdReads();
  const follower = room.createFollower(shop);
  await follower.connect();
  await reads.whenReached();
  follower.drop();
  reads.release();
  commit("a");
  await relay(1);
  await follower.connect();
  const [first] = await received(follower, 1);
  expect(first?.data.stockEvents.event.shop?.stock).toEqual([{ item: "a", version: 2, count: 20 }]);
  follower.drop();
});

test("events that are stored while the state is read follow the snapshot", async () => {
  const { shop, commit, relay } = room.createStock();
  const reads = room.holdReads();
  const follower = room.createFollower(shop);
  await follower.connect();
  await reads.whenReached();
  commit("a");
  await relay(1);
  reads.release();
  expect(kindsOf(await received(follower, 2))).toEqual(["snapshot", "1"]);
  follower.drop();
});

test("a storm shares snapshots, and who begins with one shares the stream of who does not", async () => {
  const { shop, commit, relay } = room.createStock();
  commit("a");
  await relay(1);
  const plain = room.createFollower(shop);
  await plain.connect({ snapshot: false });
  const { snapshots } = room.hub.counters();
  const reads = room.holdReads();
  const storm = Array.from({ length: 40 }, () => room.createFollower(shop));
  await Promise.all(storm.map((follower) => follower.connect()));
  expect(room.hub.counts().streams).toBe(1);
  reads.release();
  for (const follower of storm) expect(kindsOf(await received(follower, 1))).toEqual(["snapshot"]);
  expect(room.hub.counters().snapshots - snapshots).toBeLessThanOrEqual(2);
  commit("a");
  await relay(1);
  for (const follower of storm) expect(kindsOf(await received(follower, 2))).toEqual(["snapshot", "2"]);
  expect(kindsOf(await received(plain, 1))).toEqual(["2"]);
  for (const follower of [plain, ...storm]) follower.drop();
});

test("what one subgraph cannot give is an error in the snapshot; without any state the subscription ends, to be tried again", async () => {
  const { shop, commit, relay } = room.createStock();
  commit("a");
  await relay(1);
  room.shop.failing.add("people");
  const partial = room.createFollower(shop);
  await partial.connect();
  const [first] = await received(partial, 1);
  expect(first?.data.stockEvents.event.shop).toMatchObject({ motto: null, stock: [{ item: "a" }] });
  expect(first?.errors).toHaveLength(1);
  partial.drop();

  room.shop.failing.add("orders");
  const whole = room.createFollower(shop);
  await whole.connect();
  const failure = await waitFor(() => whole.failure, { what: "the end" });
  expect(failure).toMatchObject({ code: "SERVICE_UNAVAILABLE", retryable: true });
  expect(whole.payloads).toEqual([]);
  whole.drop();
  room.shop.failing.clear();
  await whole.connect();
  expect(kindsOf(await received(whole, 1))).toEqual(["snapshot"]);
  whole.drop();
});

test("who loses the right while the state is read is not sent it", async () => {
  const { shop } = room.createStock();
  const reads = room.holdReads();
  let permissions = ["orders.read"];
  const follower = room.createFollower(shop);
  await follower.connect({ identity: () => viewer("user-1", { [shop]: permissions }).identity });
  await reads.whenReached();
  permissions = [];
  reads.release();
  expect((await waitFor(() => follower.failure, { what: "the end" })).code).toBe("FORBIDDEN");
  expect(follower.payloads).toEqual([]);
});

test("who moves to another audience while the state is read has one snapshot, as that audience sees it, and each event once", async () => {
  const { shop, commit, relay } = room.createStock();
  commit("a");
  const reads = room.holdReads();
  let sessionId = "session-1";
  const follower = room.createFollower(shop);
  await follower.connect({
    identity: () => {
      const { identity } = viewer("user-1", { [shop]: ["orders.read"] });
      return identity.kind === "USER" ? { ...identity, sessionId: textAsId("ses", sessionId) } : identity;
    },
  });
  await reads.whenReached();
  const { snapshots } = room.hub.counters();
  sessionId = "session-2";
  follower.reconsider();
  reads.release();
  await received(follower, 1);
  await relay(1);
  commit("b");
  await relay(1);
  expect(kindsOf(await received(follower, 3))).toEqual(["snapshot", "1", "2"]);
  expect(room.hub.counters().snapshots).toBe(snapshots + 1);
  expect(follower.payloads).toHaveLength(3);
  follower.drop();
});

test("a cursor of another stream is refused with a reason, and a subscribe without one brings a snapshot", async () => {
  const one = room.createStock();
  const other = room.createFollower(room.createStock().shop);
  await other.connect();
  await received(other, 1);
  other.drop();
  const subscribe = (resume: string | undefined) =>
    room.hub.subscribe({
      query: STOCK_QUERY,
      variables: { shop: one.shop, snapshot: true },
      resume,
      viewer: { identity: () => viewer("user-1", { [one.shop]: ["orders.read"] }).identity, client: {} },
      sink: { next: () => undefined, writable: () => undefined, fail: () => undefined },
    });
  await expect(subscribe(other.cursor)).rejects.toMatchObject({
    code: "RESYNC_REQUIRED",
    details: { reason: "FOREIGN_CURSOR" },
  });
  const follower = room.createFollower(one.shop);
  await follower.connect();
  expect(kindsOf(await received(follower, 1))).toEqual(["snapshot"]);
  follower.drop();
});
