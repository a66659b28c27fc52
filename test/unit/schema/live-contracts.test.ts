import { expect, test } from "vitest";
import type { EventContracts } from "../../../schema/event-contracts.ts";
import { checkLiveContracts } from "../../../schema/live-contracts.ts";

interface Parts {
  readonly live?: string;
  readonly args?: string;
  readonly message?: string;
  readonly payload?: string;
  readonly types?: string;
  readonly snapshot?: string;
}

const defaults = {
  live: 'topic: "shop.events", keyArgument: "shopId", permission: "shop.read", filters: [{ argument: "kinds", path: "data.kind" }]',
  args: "shopId: ID!, after: String, kinds: [String!]",
  message: "sequence: BigInt!, occurredAt: DateTime!, eventId: ID!, type: String!, actor: User, event: ShopEvent!",
  payload: "item: Item, kind: String!, price: Money!, note: String, actor: User",
  types: '"shop.item.sold.v1"',
};

const sdl = (parts: Parts): string => {
  const { live, args, message, payload, types, snapshot = "" } = { ...defaults, ...parts };
  return `
    scalar BigInt
    scalar DateTime
    type User @key(fields: "id", resolvable: false) { id: ID! }
    type Item @key(fields: "id", resolvable: false) { id: ID! }
    type Money { amountMinor: BigInt!, exponent: Int! }
    type Subscription { shopEvents(${args}): ShopMessage! ${live === "" ? "" : `@live(${live})`} }
    type ShopMessage { ${message} }
    union ShopEvent = ItemSold ${snapshot === "" ? "" : "| ShopSnapshot"}
    ${snapshot}
    type ItemSold ${types === "" ? "" : `@liveEvent(types: [${types}])`} { ${payload} }
  `;
};

const contracts: EventContracts = new Map([
  [
    "shop.item.sold.v1",
    {
      type: "object",
      required: ["itemId", "kind", "price"],
      properties: {
        itemId: { type: "string" },
        kind: { type: "string" },
        price: {
          type: "object",
          required: ["amountMinor", "exponent"],
          properties: { amountMinor: { type: "string" }, exponent: { type: "integer" } },
        },
        note: { type: ["string", "null"] },
        buyerId: { type: "string" },
      },
    },
  ],
  ["stock.item.moved.v1", { type: "object", properties: {} }],
]);

const check = (parts: Parts): string[] =>
  checkLiveContracts([{ name: "shop_live", live: true, sdl: sdl(parts) }], contracts);

test("a live field that its events can answer passes", () => {
  expect(check({})).toEqual([]);
});

const sold = "Subscription.shopEvents: ItemSold, answered from shop.item.sold.v1:";

test.each<[string, Parts, string]>([
  ["without the directive", { live: "" }, "Subscription.shopEvents: has no @live"],
  [
    "with a topic of another kind",
    { live: defaults.live.replace("shop.events", "shop.dlq") },
    "Subscription.shopEvents: the topic shop.dlq is not <subgraph>.events",
  ],
  [
    "without a permission",
    { live: defaults.live.replace("shop.read", " ") },
    "Subscription.shopEvents: the permission is empty",
  ],
  [
    "with an unknown key argument",
    { live: defaults.live.replace("shopId", "id") },
    "Subscription.shopEvents: there is no argument id (keyArgument)",
  ],
  [
    "that cannot be resumed",
    { args: "shopId: ID!, kinds: [String!]" },
    "Subscription.shopEvents: there is no argument after: clients could not resume",
  ],
  [
    "with a filter without an argument",
    { args: "shopId: ID!, after: String" },
    "Subscription.shopEvents: the filter argument kinds is not a list argument of the field",
  ],
  [
    "with a filter no event can answer",
    { live: defaults.live.replace("data.kind", "data.colour") },
    "Subscription.shopEvents: the filter path data.colour is in none of its events",
  ],
  [
    "with a message the envelope cannot fill",
    { message: `${defaults.message}, region: String` },
    "Subscription.shopEvents: ShopMessage.region: the envelope does not hold it (it holds sequence, occurredAt, eventId, type, actor)",
  ],
  [
    "whose actor is promised",
    { message: defaults.message.replace("actor: User", "actor: User!") },
    "Subscription.shopEvents: ShopMessage.actor must be User",
  ],
  [
    "with a payload of no event",
    { types: "" },
    "Subscription.shopEvents: ItemSold has no @liveEvent: no event would ever be of this type",
  ],
  [
    "with an unknown event",
    { types: '"shop.item.lost.v1"' },
    "Subscription.shopEvents: ItemSold: there is no event contract shop.item.lost.v1",
  ],
  [
    "with an event of another topic",
    { types: '"stock.item.moved.v1"', payload: "note: String" },
    "Subscription.shopEvents: ItemSold, answered from stock.item.moved.v1: stock.item.moved.v1 is not published to shop.events",
  ],
  [
    "with an event that stands twice",
    { types: '"shop.item.sold.v1", "shop.item.sold.v1"' },
    "Subscription.shopEvents: shop.item.sold.v1 stands for two payload types",
  ],
  [
    "with a field no event holds",
    { payload: "colour: String" },
    "Subscription.shopEvents: ItemSold.colour: none of its events holds it",
  ],
  [
    "with a promised field no event holds",
    { payload: "colour: String!" },
    `${sold} data.colour is not in the contract`,
  ],
  [
    "with a promised field that may be absent",
    { payload: "buyer: User!" },
    `${sold} data.buyerId is optional in the contract`,
  ],
  [
    "with a promised field that may be null",
    { payload: "note: String!" },
    `${sold} data.note may be null in the contract`,
  ],
  [
    "with another type than the event",
    { payload: "kind: Int!" },
    `${sold} data.kind is string in the contract, not integer`,
  ],
  [
    "with an object as a scalar",
    { payload: "price: String!" },
    `${sold} data.price is object in the contract, not string`,
  ],
  [
    "with a list of entities",
    { payload: "items: [Item!]!" },
    `${sold} data.items: a list of entities cannot be answered from an event`,
  ],
])("a live field %s is reported", (_, parts, problem) => {
  expect(check(parts)).toContain(problem);
});

const withSnapshot = "shopId: ID!, after: String, kinds: [String!], snapshot: Boolean = false";
const snapshot = 'type ShopSnapshot @liveSnapshot(key: "item") { item: Item }';

test("a live field whose snapshot refers to its key passes", () => {
  expect(check({ args: withSnapshot, snapshot })).toEqual([]);
  const own = 'type ShopSnapshot @liveSnapshot(key: "item", own: "user") { item: Item, user: User }';
  expect(check({ args: withSnapshot.replace("ID!", "ID"), snapshot: own })).toEqual([]);
});

test.each<[string, Parts, string]>([
  ["that nobody can ask for", { snapshot }, "there is no argument snapshot: Boolean"],
  ["that is not there", { args: withSnapshot }, "has the argument snapshot, but no type marked @liveSnapshot"],
  [
    "that refers to no entity",
    { args: withSnapshot, snapshot: snapshot.replace("item: Item", "item: Money") },
    "ShopSnapshot has no nullable field item of an entity",
  ],
  [
    "that promises its entity",
    { args: withSnapshot, snapshot: snapshot.replace("item: Item", "item: Item!") },
    "ShopSnapshot has no nullable field item of an entity",
  ],
  [
    "with a field of nothing",
    { args: withSnapshot, snapshot: snapshot.replace("item: Item", "item: Item, note: String") },
    "ShopSnapshot.note: nothing would ever stand here",
  ],
  [
    "that lacks the viewer's own stream",
    { args: withSnapshot.replace("ID!", "ID"), snapshot },
    "ShopSnapshot has no @liveSnapshot(own:) for the viewer's own stream",
  ],
])("a snapshot %s is reported", (_title, parts, problem) => {
  expect(check(parts)).toContain(`Subscription.shopEvents: ${problem}`);
});

test("slow readers are promised the newest event per path only where an event holds the path", () => {
  const latest = (path: string) => check({ live: `${defaults.live}, slow: LATEST, latestBy: "${path}"` });
  expect(latest("data.kind")).toEqual([]);
  expect(latest("subject")).toEqual([]);
  expect(latest("data.colour")).toEqual([
    "Subscription.shopEvents: the path latestBy data.colour is in none of its events",
  ]);
});

test("a payload type that no live field answers is told: its union lacks it", () => {
  const snapshot = 'type ItemMoved @liveEvent(types: ["shop.item.sold.v1"]) { kind: String! }';
  const live = sdl({}).concat(snapshot);
  expect(checkLiveContracts([{ name: "shop_live", live: true, sdl: live }], contracts)).toEqual([
    "ItemMoved has @liveEvent, but no live field answers it: add it to the union of its events",
  ]);
});
