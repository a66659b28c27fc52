// A stream that begins with a snapshot, through each client library: over a broken network and past a refused resume,
// no other query.
import { ApolloClient, InMemoryCache } from "@apollo/client";
import { Client, subscriptionExchange } from "@urql/core";
import { parse } from "graphql";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createLiveLink } from "../../../web-client/src/graphql/apollo-link.ts";
import { type CursorStore, createMemoryCursorStore } from "../../../web-client/src/graphql/cursor-store.ts";
import { createLiveClient, type LiveClient } from "../../../web-client/src/graphql/live-client.ts";
import { createLiveForwarder } from "../../../web-client/src/graphql/urql-exchange.ts";
import { createFaultProxy, type FaultProxy } from "../../support/fault-proxy.ts";
import { waitFor } from "../../support/wait.ts";
import { eventWriter, viewer } from "../gateway/live/live-stack.ts";
import { liveStackOfFile } from "../gateway/live/stack-of-file.ts";

const DOCUMENT = `subscription Stock($shop: ID!) { stockEvents(shop: $shop, snapshot: true) {
  eventId event { ... on StockChanged { item version } ... on StockSnapshot { shop { stock { item version } } } }
} }`;

interface Level {
  readonly item: string;
  readonly version: number;
}

interface Data {
  readonly stockEvents: { readonly event: Partial<Level> & { readonly shop?: { readonly stock: readonly Level[] } } };
}

interface Following {
  readonly live: LiveClient;
  readonly shop: string;
  apply(data: Data): void;
}

const STREAM = "stock";
const LIBRARIES: Readonly<Record<string, (following: Following) => void>> = {
  "Apollo Client": ({ live, shop, apply }) => {
    const link = createLiveLink(live, { stream: () => STREAM });
    new ApolloClient({ link, cache: new InMemoryCache() })
      .subscribe<Data>({ query: parse(DOCUMENT), variables: { shop }, errorPolicy: "all" })
      .subscribe(({ data }) => data !== undefined && apply(data));
  },
  urql: ({ live, shop, apply }) => {
    const forwardSubscription = createLiveForwarder(live, { stream: () => STREAM });
    new Client({
      url: "http://unused.invalid/graphql",
      preferGetMethod: false,
      exchanges: [subscriptionExchange({ forwardSubscription })],
    })
      .subscription<Data>(DOCUMENT, { shop })
      .subscribe(({ data }) => data && apply(data));
  },
  "plain graphql-ws": ({ live, shop, apply }) => {
    live.subscribe<Data & Record<string, unknown>, Record<string, unknown>>(
      { document: DOCUMENT, variables: { shop }, stream: STREAM },
      { next: ({ data }) => void (data != null && apply(data)) },
    );
  },
};

const world = liveStackOfFile();
let proxy: FaultProxy;
const leftovers: (() => void)[] = [];

beforeAll(async () => {
  proxy = await createFaultProxy({ target: { host: "127.0.0.1", port: Number(new URL(world.stack.url).port) } });
});

afterEach(() => {
  for (const end of leftovers.splice(0)) end();
});

afterAll(async () => {
  await proxy?.stop();
});

function createStock(shop: string) {
  const levels = new Map<string, { version: number; count: number }>();
  const writer = eventWriter(world.log, shop, "stock.events");
  world.stack.shop.stock.set(shop, levels);
  world.stack.viewers.set(shop, viewer(`user-${shop}`, { [shop]: ["orders.read"] }));
  return {
    async change(item: string) {
      const level = { version: (levels.get(item)?.version ?? 0) + 1, count: 0 };
      levels.set(item, level);
      await writer.append(1, "stock.item.changed.v1", { item, ...level });
    },
    versions: () => Object.fromEntries([...levels].map(([item, { version }]) => [item, version]).sort()),
  };
}

function followStock(library: string, shop: string, cursors: CursorStore) {
  const picture = new Map<string, number>();
  let snapshots = 0;
  const live = createLiveClient({ url: `ws://127.0.0.1:${proxy.port}/graphql`, token: async () => shop, cursors });
  leftovers.push(() => live.dispose());
  LIBRARIES[library]?.({
    live,
    shop,
    apply({ stockEvents: { event } }) {
      if (event.shop === undefined) {
        const { item = "", version = 0 } = event;
        picture.set(item, Math.max(version, picture.get(item) ?? 0));
        return;
      }
      snapshots += 1;
      picture.clear();
      for (const { item, version } of event.shop.stock) picture.set(item, version);
    },
  });
  const sees = (wanted: object) =>
    waitFor(() => JSON.stringify(Object.fromEntries([...picture].sort())) === JSON.stringify(wanted), {
      what: `${JSON.stringify(wanted)}; sees ${JSON.stringify([...picture])}`,
    });
  return { sees, snapshots: () => snapshots };
}

test.each(Object.keys(LIBRARIES))("%s shows the state from one subscription, over a cut too", async (library) => {
  const shop = `snapshot-${library.replaceAll(" ", "-")}`;
  const stock = createStock(shop);
  await stock.change("a");
  const cursors = createMemoryCursorStore();
  const { sees, snapshots } = followStock(library, shop, cursors);
  await sees(stock.versions());
  await stock.change("b");
  await sees(stock.versions());
  await proxy.mode("reset");
  await stock.change("a");
  await proxy.mode("pass");
  await sees(stock.versions());
  expect(snapshots()).toBe(1);
});

test("a follower whose cursor is refused has the state again without having asked for it", async () => {
  const shop = "snapshot-resync";
  const stock = createStock(shop);
  await stock.change("a");
  const cursors = createMemoryCursorStore();
  cursors.set(STREAM, "of another installation");
  const resyncs: string[] = [];
  const events: string[] = [];
  const live = createLiveClient({ url: world.stack.url, token: async () => shop, cursors });
  leftovers.push(() => live.dispose());
  live.subscribe<Data & Record<string, unknown>, Record<string, unknown>>(
    { document: DOCUMENT, variables: { shop }, stream: STREAM, continues: true },
    {
      next: ({ data }, { snapshot }) => void events.push(snapshot ? "snapshot" : String(data?.stockEvents.event.item)),
      onResync: (reason) => void resyncs.push(reason),
    },
  );
  await waitFor(() => events.length === 1, { what: "the snapshot" });
  await stock.change("b");
  await waitFor(() => events.length === 2, { what: "the event" });
  expect({ events, resyncs }).toEqual({ events: ["snapshot", "b"], resyncs: ["FOREIGN_CURSOR"] });
});
