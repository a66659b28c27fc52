import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readLiveSchema } from "../../../../../gateway/live/plan/directive.ts";
import { composeShop, LIVE_LINK, ORDERS_LIVE, STOCK_LIVE } from "../../../../integration/gateway/live/shop-graph.ts";

test("a live field is read from the supergraph with all that the gateway needs", () => {
  const { fields, problems } = readLiveSchema(composeShop());
  expect(problems).toEqual([]);
  const field = fields.get("orderEvents");
  expect(field).toMatchObject({
    topic: "orders.events",
    keyArgument: "shop",
    permission: "orders.read",
    serviceName: "orders_live",
    messageType: "OrderMessage",
    filters: [
      { argument: "types", path: "type" },
      { argument: "colors", path: "data.color" },
    ],
  });
  expect(Object.fromEntries(field?.payloads ?? [])).toEqual({
    "orders.order.placed.v1": "OrderPlaced",
    "orders.order.shipped.v1": "OrderShipped",
    "orders.order.returned.v1": "OrderShipped",
  });
  expect([...(field?.entities ?? [])].sort()).toEqual(["Order", "Shop", "User"]);
});

test("the platform's own live fields have no problem", () => {
  const sdl = readFileSync(new URL("../../../../../schema/generated/supergraph.graphql", import.meta.url), "utf8");
  const { fields, problems } = readLiveSchema(sdl);
  expect(problems).toEqual([]);
  expect([...fields.keys()].sort()).toEqual(["auditEvents", "billingEvents", "identityEvents"]);
});

test("directives are recognised under the names they were imported with", () => {
  const renamed = LIVE_LINK.replace(
    '"@live", "@liveEvent", "@liveSnapshot"',
    '{ name: "@live", as: "@tail" }, "@liveSnapshot"',
  )
    .replace('name: "@live")', 'name: "@tail")')
    .replace('name: "@liveEvent")', 'name: "@live__liveEvent")')
    .replace("directive @live(", "directive @tail(")
    .replace("directive @liveEvent(", "directive @live__liveEvent(");
  const sdl = renamed + ORDERS_LIVE.replaceAll("@liveEvent(", "@live__liveEvent(").replace("@live(", "@tail(");
  const { fields, problems } = readLiveSchema(composeShop(sdl));
  expect(problems).toEqual([]);
  expect(fields.get("orderEvents")?.payloads.size).toBe(3);
});

test.each([
  ['topic: "orders.events"', 'topic: " "', "@live(topic:) is empty"],
  ['keyArgument: "shop"', 'keyArgument: "store"', "there is no argument store (keyArgument)"],
  ['argument: "types"', 'argument: "shop"', "the filter argument shop is not a list argument of the field"],
  ['path: "data.color"', 'path: "color"', "the filter path color is none of type, subject, data.<name>"],
  ["event: OrderEvent!", "happening: OrderEvent!", "its type OrderMessage has no field event"],
  ['@liveEvent(types: ["orders.order.placed.v1"])', "", "OrderPlaced has no @liveEvent"],
  ['"orders.order.returned.v1"', '"orders.order.placed.v1"', "orders.order.placed.v1 stands for two payload types"],
  ["color: String", "color(form: String): String", "OrderPlaced.color takes arguments"],
  ["type: String!", "type(short: Boolean): String!", "OrderMessage.type takes arguments"],
  ["label: String!", "label(language: String): String!", "Part.label takes arguments"],
])("%s replaced by %s is reported with the field's name", (good, bad, problem) => {
  const { fields, problems } = readLiveSchema(composeShop(LIVE_LINK + ORDERS_LIVE.replace(good, bad)));
  expect(problems[0]).toContain(`Subscription.orderEvents: ${problem}`);
  expect(fields.size).toBe(0);
});

test("a field's snapshot and its promise to slow readers are read from the supergraph", () => {
  const { fields, problems } = readLiveSchema(composeShop());
  expect(problems).toEqual([]);
  expect(fields.get("stockEvents")).toMatchObject({ snapshot: { type: "StockSnapshot", key: "shop" } });
  expect(fields.get("stockEvents")).not.toHaveProperty("latestBy");
  expect(fields.get("stockLevels")).toMatchObject({ latestBy: "data.item" });
  expect(fields.get("orderEvents")).not.toHaveProperty("snapshot");
});

test.each([
  [
    '@liveSnapshot(key: "shop")',
    '@liveSnapshot(key: "store")',
    "StockSnapshot has no field store of an entity (@liveSnapshot(key:))",
  ],
  [
    '@liveSnapshot(key: "shop")',
    '@liveSnapshot(key: "shop", own: "user")',
    "StockSnapshot has no field user of an entity (@liveSnapshot(own:))",
  ],
  ['@liveSnapshot(key: "shop")', "", "none of its types is marked @liveSnapshot"],
  [
    '@liveSnapshot(key: "shop")',
    '@liveSnapshot(key: "shop") @liveEvent(types: ["stock.shop.opened.v1"])',
    "StockSnapshot is marked both @liveEvent and @liveSnapshot",
  ],
  [
    "StockChanged | StockSnapshot",
    "StockChanged",
    "it has the argument snapshot, but none of its types is marked @liveSnapshot",
  ],
  [
    "StockChanged | StockSnapshot",
    "StockChanged | StockSnapshot | Other",
    "several types are marked @liveSnapshot: StockSnapshot, Other",
  ],
  ["snapshot: Boolean = false", "", "there is no argument snapshot: nobody could ask for StockSnapshot"],
  ["shop: ID!,", "shop: ID,", "StockSnapshot has no @liveSnapshot(own:) for the viewer's own stream"],
  ['latestBy: "data.item"', 'latestBy: "item"', "the path latestBy item is none of type, subject, data.<name>"],
])("of a field with a snapshot, %s replaced by %s is reported", (good, bad, problem) => {
  const other = 'type Other @liveSnapshot(key: "shop") { shop: Shop }';
  const { problems } = readLiveSchema(composeShop(LIVE_LINK + ORDERS_LIVE + STOCK_LIVE.replace(good, bad) + other));
  expect(problems.join("\n")).toContain(problem);
});
