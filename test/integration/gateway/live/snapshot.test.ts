// A snapshot and the events behind it leave no window: over the Postgres log, with state that is committed before its event is stored.
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createHub, type Hub, type Subscription } from "../../../../gateway/live/hub.ts";
import type { Identity } from "../../../../platform/auth/identity.ts";
import type { AppError } from "../../../../platform/errors/app-error.ts";
import type { EventLog } from "../../../../platform/events/event-log.ts";
import { createPostgresEventLog } from "../../../../platform/events/postgres-event-log.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { waitFor } from "../../../support/wait.ts";
import { type EventDatabases, startEventDatabases } from "../../events/event-databases.ts";
import { eventWriter, type LiveStack, startLiveStack, viewer } from "./live-stack.ts";

const TOPIC = "stock.events";
const QUERY = `subscription Stock($shop: ID!, $after: String, $snapshot: Boolean) {
  stockEvents(shop: $shop, after: $after, snapshot: $snapshot) {
    sequence eventId type occurredAt
    event { ... on StockChanged { item version count } ... on StockSnapshot { shop { id motto stock { item version count } } } }
  }
}`;

let databases: EventDatabases;
let log: EventLog;
let stack: LiveStack;
let hub: Hub;
let shops = 0;

beforeAll(async () => {
  databases = await startEventDatabases();
  log = createPostgresEventLog({
    connectionString: databases.eventsUrl,
    logger: createLogger({ name: "log", level: "silent" }),
  });
  await log.start();
  stack = await startLiveStack({ log });
  hub = createHub(stack.ports);
  await hub.start();
});

afterAll(async () => {
  await hub?.stop();
  await stack?.stop();
  await log?.stop();
  await databases?.stop();
});

interface Level {
  readonly item: string;
  readonly version: number;
  readonly count: number;
}

interface Payload {
  readonly data: {
    readonly stockEvents: {
      readonly sequence: string;
      readonly eventId: string;
      readonly type: string;
      readonly occurredAt: string;
      readonly event: Partial<Level> & {
        readonly shop?: { readonly motto: string | null; readonly stock: readonly Level[] };
      };
    };
  };
  readonly errors?: readonly { readonly message: string }[];
  readonly extensions: { readonly tributary: { readonly cursor: string; readonly snapshot?: boolean } };
}

/** A shop whose stock is committed first and told of later, as an outbox does. */
function createStock() {
  shops += 1;
  const shop = `stock-${shops}`;
  const writer = eventWriter(log, shop, TOPIC);
  const levels = new Map<string, { version: number; count: number }>();
  stack.shop.stock.set(shop, levels);
  const outbox: Level[] = [];
  let relaying = Promise.resolve();
  return {
    shop,
    levels,
    commit(item: string) {
      const version = (levels.get(item)?.version ?? 0) + 1;
      const level = { version, count: version * 10 };
      levels.set(item, level);
      outbox.push({ item, ...level });
    },
    relay(limit: number) {
      relaying = relaying.then(async () => {
        for (const level of outbox.splice(0, limit)) await writer.append(1, "stock.item.changed.v1", { ...level });
      });
      return relaying;
    },
  };
}

interface ConnectOptions {
  readonly snapshot?: boolean;
  /** Who it is now; default: a member who may read. */
  readonly identity?: () => Identity;
}

/** A client that keeps a picture of the stock, and comes back with its last cursor. */
function createFollower(shop: string) {
  const payloads: Payload[] = [];
  const picture = new Map<string, { version: number; count: number }>();
  const problems: string[] = [];
  let subscription: Subscription | undefined;
  let cursor: string | undefined;
  let failure: AppError | undefined;
  let connection = 0;

  function receive(payload: Payload): void {
    payloads.push(payload);
    cursor = payload.extensions.tributary.cursor;
    const { event, sequence } = payload.data.stockEvents;
    if (event.shop !== undefined) {
      for (const [item, { version }] of picture) {
        const now = event.shop.stock.find((level) => level.item === item)?.version ?? 0;
        if (now < version) problems.push(`the snapshot went back: ${item} from ${version} to ${now}`);
      }
      picture.clear();
      for (const { item, version, count } of event.shop.stock) picture.set(item, { version, count });
      return;
    }
    const { item = "", version = 0, count = 0 } = event;
    const known = picture.get(item)?.version ?? 0;
    if (version > known + 1) problems.push(`${sequence}: ${item} jumped from ${known} to ${version}`);
    if (version > known) picture.set(item, { version, count });
  }

  return {
    payloads,
    picture,
    problems,
    get failure() {
      return failure;
    },
    get cursor() {
      return cursor;
    },
    async connect(options: ConnectOptions = {}) {
      connection += 1;
      const mine = connection;
      failure = undefined;
      const { identity } = viewer("user-1", { [shop]: ["orders.read"] });
      const made = await hub.subscribe({
        query: QUERY,
        variables: { shop, snapshot: options.snapshot ?? true },
        resume: cursor,
        viewer: { identity: () => options.identity?.() ?? identity, client: {} },
        sink: {
          next: (text) => mine === connection && receive(JSON.parse(text)),
          writable: () => undefined,
          fail(error) {
            failure = error;
          },
        },
      });
      if (mine !== connection) return made.stop();
      subscription = made;
      // As the ping right after the subscribe tells it.
      cursor = made.cursor();
      made.start();
    },
    reconsider: () => subscription?.reconsider(),
    drop() {
      connection += 1;
      subscription?.stop();
      subscription = undefined;
    },
    get connected() {
      return subscription !== undefined;
    },
  };
}

/** Holds reads of the stock until it is let go. */
function holdReads() {
  const held = Promise.withResolvers<void>();
  let reached = false;
  stack.shop.onRead = () => {
    reached = true;
    return held.promise;
  };
  return {
    whenReached: () => waitFor(() => reached, { what: "a read" }),
    release() {
      stack.shop.onRead = async () => undefined;
      held.resolve();
    },
  };
}

afterEach(() => {
  stack.shop.onRead = async () => undefined;
  stack.shop.failing.clear();
});

const kindsOf = (payloads: readonly Payload[]) =>
  payloads.map(({ data }) => (data.stockEvents.event.shop === undefined ? data.stockEvents.sequence : "snapshot"));
const received = ({ payloads }: { readonly payloads: readonly Payload[] }, count: number) =>
  waitFor(() => payloads.length >= count && payloads, { what: `${count} payloads; have ${payloads.length}` });

test("a subscription with a snapshot begins with the federated state, then has every later event once", async () => {
  const { shop, commit, relay } = createStock();
  commit("a");
  commit("b");
  await relay(2);
  const follower = createFollower(shop);
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
  const { shop, commit, relay } = createStock();
  const follower = createFollower(shop);
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
  const { shop, commit, relay } = createStock();
  commit("a");
  await relay(1);
  const reads = holdReads();
  const follower = createFollower(shop);
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
  const { shop, commit, relay } = createStock();
  const reads = holdReads();
  const follower = createFollower(shop);
  await follower.connect();
  await reads.whenReached();
  commit("a");
  await relay(1);
  reads.release();
  expect(kindsOf(await received(follower, 2))).toEqual(["snapshot", "1"]);
  follower.drop();
});

test("a storm shares snapshots, and who begins with one shares the stream of who does not", async () => {
  const { shop, commit, relay } = createStock();
  commit("a");
  await relay(1);
  const plain = createFollower(shop);
  await plain.connect({ snapshot: false });
  const { snapshots } = hub.counters();
  const reads = holdReads();
  const storm = Array.from({ length: 40 }, () => createFollower(shop));
  await Promise.all(storm.map((follower) => follower.connect()));
  expect(hub.counts().streams).toBe(1);
  reads.release();
  for (const follower of storm) expect(kindsOf(await received(follower, 1))).toEqual(["snapshot"]);
  expect(hub.counters().snapshots - snapshots).toBeLessThanOrEqual(2);
  commit("a");
  await relay(1);
  for (const follower of storm) expect(kindsOf(await received(follower, 2))).toEqual(["snapshot", "2"]);
  expect(kindsOf(await received(plain, 1))).toEqual(["2"]);
  for (const follower of [plain, ...storm]) follower.drop();
});

test("what one subgraph cannot give is an error in the snapshot; without any state the subscription ends, to be tried again", async () => {
  const { shop, commit, relay } = createStock();
  commit("a");
  await relay(1);
  stack.shop.failing.add("people");
  const partial = createFollower(shop);
  await partial.connect();
  const [first] = await received(partial, 1);
  expect(first?.data.stockEvents.event.shop).toMatchObject({ motto: null, stock: [{ item: "a" }] });
  expect(first?.errors).toHaveLength(1);
  partial.drop();

  stack.shop.failing.add("orders");
  const whole = createFollower(shop);
  await whole.connect();
  const failure = await waitFor(() => whole.failure, { what: "the end" });
  expect(failure).toMatchObject({ code: "SERVICE_UNAVAILABLE", retryable: true });
  expect(whole.payloads).toEqual([]);
  whole.drop();
  stack.shop.failing.clear();
  await whole.connect();
  expect(kindsOf(await received(whole, 1))).toEqual(["snapshot"]);
  whole.drop();
});

test("who loses the right while the state is read is not sent it", async () => {
  const { shop } = createStock();
  const reads = holdReads();
  let permissions = ["orders.read"];
  const follower = createFollower(shop);
  await follower.connect({ identity: () => viewer("user-1", { [shop]: permissions }).identity });
  await reads.whenReached();
  permissions = [];
  reads.release();
  expect((await waitFor(() => follower.failure, { what: "the end" })).code).toBe("FORBIDDEN");
  expect(follower.payloads).toEqual([]);
});

test("who moves to another audience while the state is read has one snapshot, as that audience sees it, and each event once", async () => {
  const { shop, commit, relay } = createStock();
  commit("a");
  const reads = holdReads();
  let sessionId = "session-1";
  const follower = createFollower(shop);
  await follower.connect({
    identity: () => {
      const { identity } = viewer("user-1", { [shop]: ["orders.read"] });
      return identity.kind === "USER" ? { ...identity, sessionId } : identity;
    },
  });
  await reads.whenReached();
  const { snapshots } = hub.counters();
  sessionId = "session-2";
  follower.reconsider();
  reads.release();
  await received(follower, 1);
  await relay(1);
  commit("b");
  await relay(1);
  expect(kindsOf(await received(follower, 3))).toEqual(["snapshot", "1", "2"]);
  expect(hub.counters().snapshots).toBe(snapshots + 1);
  expect(follower.payloads).toHaveLength(3);
  follower.drop();
});

test("a cursor of another stream is refused with a reason, and a subscribe without one brings a snapshot", async () => {
  const one = createStock();
  const other = createFollower(createStock().shop);
  await other.connect();
  await received(other, 1);
  other.drop();
  const subscribe = (resume: string | undefined) =>
    hub.subscribe({
      query: QUERY,
      variables: { shop: one.shop, snapshot: true },
      resume,
      viewer: { identity: () => viewer("user-1", { [one.shop]: ["orders.read"] }).identity, client: {} },
      sink: { next: () => undefined, writable: () => undefined, fail: () => undefined },
    });
  await expect(subscribe(other.cursor)).rejects.toMatchObject({
    code: "RESYNC_REQUIRED",
    details: { reason: "FOREIGN_CURSOR" },
  });
  const follower = createFollower(one.shop);
  await follower.connect();
  expect(kindsOf(await received(follower, 1))).toEqual(["snapshot"]);
  follower.drop();
});

/** Some turns of the event loop, or milliseconds: an event takes some from the log to its ring, and a read may take longer. */
const pause = async ({ turns = 0, ms = 0 }: { readonly turns?: number; readonly ms?: number } = {}) => {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  for (let left = turns; left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve));
};

const short = fc.record({ turns: fc.integer({ min: 0, max: 6 }) });
const long = fc.record({ ms: fc.constantFrom(2, 8, 20, 40) });
const action = fc.record({
  kind: fc.constantFrom("commit", "commit", "commit", "relay", "relay", "connect", "drop"),
  item: fc.constantFrom("a", "b", "c"),
  client: fc.integer({ min: 0, max: 1 }),
  limit: fc.integer({ min: 1, max: 4 }),
  wait: fc.oneof({ weight: 3, arbitrary: short }, { weight: 1, arbitrary: long }),
});

test("a snapshot and the later events are the final state, however commits, the relay, subscribes and drops interleave [EV-09]", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 4, maxLength: 40 }),
      fc.array(fc.oneof(short, long), { minLength: 1, maxLength: 8 }),
      async (actions, reads) => {
        let read = 0;
        stack.shop.onRead = () => {
          read += 1;
          return pause(reads[read % reads.length]);
        };
        const { shop, levels, commit, relay } = createStock();
        const followers = [createFollower(shop), createFollower(shop)] as const;
        const background: Promise<unknown>[] = [];
        for (const { kind, item, client, limit, wait } of actions) {
          const follower = followers[client === 0 ? 0 : 1];
          if (kind === "commit") commit(item);
          else if (kind === "relay") background.push(relay(limit));
          else if (kind === "drop") follower.drop();
          else if (!follower.connected) background.push(follower.connect());
          await pause(wait);
        }
        await Promise.all(background);
        await relay(Number.POSITIVE_INFINITY);
        for (const follower of followers) {
          if (!follower.connected) await follower.connect();
          await waitFor(
            () =>
              follower.failure !== undefined ||
              JSON.stringify([...follower.picture].sort()) === JSON.stringify([...levels].sort()),
            { what: "the final state" },
          );
          expect(follower.failure).toBeUndefined();
          expect(follower.problems).toEqual([]);
          follower.drop();
        }
      },
    ),
    { numRuns: 60 },
  );
});
