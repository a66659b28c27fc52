// A shop whose stock is committed before its event is stored, and a follower that keeps a picture of it from snapshots
// and events.
import { createHub, type Hub, type Subscription } from "../../../../gateway/live/hub.ts";
import type { Identity } from "../../../../platform/auth/identity.ts";
import type { AppError } from "../../../../platform/errors/app-error.ts";
import type { EventLog } from "../../../../platform/events/event-log.ts";
import { openEventLog } from "../../../support/services/event-log.ts";
import { waitFor } from "../../../support/wait.ts";
import { eventWriter, type LiveStack, startLiveStack, viewer } from "./live-stack.ts";

const TOPIC = "stock.events";
export const STOCK_QUERY = `subscription Stock($shop: ID!, $after: String, $snapshot: Boolean) {
  stockEvents(shop: $shop, after: $after, snapshot: $snapshot) {
    sequence eventId type occurredAt
    event { ... on StockChanged { item version count } ... on StockSnapshot { shop { id motto stock { item version count } } } }
  }
}`;

interface Level {
  readonly item: string;
  readonly version: number;
  readonly count: number;
}

export interface StockPayload {
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
function openStock(log: EventLog, stack: LiveStack, shops: number) {
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
function openFollower(hub: Hub, shop: string) {
  const payloads: StockPayload[] = [];
  const picture = new Map<string, { version: number; count: number }>();
  const problems: string[] = [];
  let subscription: Subscription | undefined;
  let cursor: string | undefined;
  let failure: AppError | undefined;
  let connection = 0;

  function receive(payload: StockPayload): void {
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
    const versionBefore = picture.get(item)?.version ?? 0;
    if (version > versionBefore + 1) problems.push(`${sequence}: ${item} jumped from ${versionBefore} to ${version}`);
    if (version > versionBefore) picture.set(item, { version, count });
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
      const liveSubscription = await hub.subscribe({
        query: STOCK_QUERY,
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
      if (mine !== connection) return liveSubscription.stop();
      subscription = liveSubscription;
      // As the ping right after the subscribe tells it.
      cursor = liveSubscription.cursor();
      liveSubscription.start();
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
function holdReadsOf({ shop }: LiveStack) {
  const held = Promise.withResolvers<void>();
  let reached = false;
  shop.onRead = () => {
    reached = true;
    return held.promise;
  };
  return {
    whenReached: () => waitFor(() => reached, { what: "a read" }),
    release() {
      shop.onRead = async () => undefined;
      held.resolve();
    },
  };
}

export const kindsOf = (payloads: readonly StockPayload[]) =>
  payloads.map(({ data }) => (data.stockEvents.event.shop === undefined ? data.stockEvents.sequence : "snapshot"));
export const received = ({ payloads }: { readonly payloads: readonly StockPayload[] }, count: number) =>
  waitFor(() => payloads.length >= count && payloads, { what: `${count} payloads; have ${payloads.length}` });

/** A hub over the Postgres log, without transports. */
export async function startStockRoom() {
  const { log, stop: closeLog } = await openEventLog("silent");
  const stack = await startLiveStack({ log });
  const hub = createHub(stack.ports);
  await hub.start();
  let shops = 0;
  return {
    hub,
    shop: stack.shop,
    createStock() {
      shops += 1;
      return openStock(log, stack, shops);
    },
    createFollower: (shop: string) => openFollower(hub, shop),
    holdReads: () => holdReadsOf(stack),
    async stop() {
      await hub.stop();
      await stack.stop();
      await closeLog();
    },
  };
}
