// A snapshot and the events behind it leave no window: over the Postgres log, with state that is committed before its event is stored.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHub, type Hub, type Subscription } from "../../../../gateway/live/hub.ts";
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
    event { ... on StockChanged { item version count } ... on StockSnapshot { shop { id stock { item version count } } } }
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
      readonly event: Partial<Level> & { readonly shop?: { readonly stock: readonly Level[] } };
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
    async connect(options: { readonly snapshot?: boolean; readonly token?: string } = {}) {
      connection += 1;
      const mine = connection;
      failure = undefined;
      const { identity } = viewer("user-1", { [shop]: ["orders.read"] });
      const made = await hub.subscribe({
        query: QUERY,
        variables: { shop, snapshot: options.snapshot ?? true },
        resume: cursor,
        viewer: { identity: () => identity, client: {} },
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

const pause = async (units: number) => {
  if (units > 6) await new Promise((resolve) => setTimeout(resolve, units - 6));
  else for (let left = units; left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve));
};

const units = fc.integer({ min: 0, max: 10 });
const action = fc.record({
  kind: fc.constantFrom("commit", "commit", "commit", "relay", "relay", "connect", "drop"),
  item: fc.constantFrom("a", "b", "c"),
  client: fc.integer({ min: 0, max: 1 }),
  limit: fc.integer({ min: 1, max: 4 }),
  wait: units,
});

test("a snapshot and the later events are the final state, however commits, the relay, subscribes and drops interleave [EV-09]", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 4, maxLength: 40 }),
      fc.array(units, { minLength: 1, maxLength: 8 }),
      async (actions, reads) => {
        let read = 0;
        stack.shop.onRead = () => {
          read += 1;
          return pause(reads[read % reads.length] ?? 0);
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
