// A supergraph of the tests' own: two subgraphs in process and one live SDL, so that the live room is shown to know no
// domain.
import { composeServices } from "@apollo/composition";
import { Supergraph } from "@apollo/federation-internals";
import type { GraphQLDataSource, ServiceMap } from "@apollo/gateway";
import { QueryPlanner } from "@apollo/query-planner";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { execute, GraphQLError, type GraphQLSchema, parse } from "graphql";
import type { SchemaGeneration } from "../../../../gateway/ports.ts";

export const LIVE_LINK = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable", "@composeDirective"])
    @link(url: "https://tributary.dev/live/v1.0", import: ["@live", "@liveEvent", "@liveSnapshot"])
    @composeDirective(name: "@live") @composeDirective(name: "@liveEvent") @composeDirective(name: "@liveSnapshot")
  directive @live(
    topic: String!, keyArgument: String!, permission: String!, filters: [LiveFilter!]! = [],
    slow: LiveSlow! = REPLAY, latestBy: String! = "subject"
  ) on FIELD_DEFINITION
  directive @liveEvent(types: [String!]!) on OBJECT
  directive @liveSnapshot(key: String!, own: String) on OBJECT
  enum LiveSlow { REPLAY LATEST }
  input LiveFilter { argument: String! path: String! }
  scalar DateTime
  scalar BigInt
`;

const PEOPLE = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
  type Query { people: [User!]! }
  type User @key(fields: "id") { id: ID! name: String! nickname: String }
  type Shop @key(fields: "id") { id: ID! motto: String }
`;

const ORDERS = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
  type Query { orders: [Order!]! }
  type Order @key(fields: "id") { id: ID! state: String! version: Int! buyer: User }
  type Shop @key(fields: "id") { id: ID! stock: [StockLevel!]! }
  type StockLevel { item: String! version: Int! count: Int! }
  type User @key(fields: "id", resolvable: false) { id: ID! }
`;

export const ORDERS_LIVE = `
  type User @key(fields: "id", resolvable: false) { id: ID! }
  type Order @key(fields: "id", resolvable: false) { id: ID! }
  type Subscription {
    orderEvents(shop: ID, after: String, types: [String!], colors: [String!]): OrderMessage!
      @live(
        topic: "orders.events", keyArgument: "shop", permission: "orders.read",
        filters: [{ argument: "types", path: "type" }, { argument: "colors", path: "data.color" }]
      )
  }
  type OrderMessage { sequence: BigInt! occurredAt: DateTime! eventId: ID! type: String! actor: User event: OrderEvent! }
  union OrderEvent = OrderPlaced | OrderShipped
  type OrderPlaced @liveEvent(types: ["orders.order.placed.v1"]) { order: Order! color: String price: Price! }
  type OrderShipped @liveEvent(types: ["orders.order.shipped.v1", "orders.order.returned.v1"]) { order: Order reason: String }
  type Price { minor: BigInt! parts: [Part!]! }
  type Part { label: String! }
`;

/** Fields that can begin with a snapshot; `stockLevels` promises a slow reader the newest level of each item only. */
export const STOCK_LIVE = `
  type Shop @key(fields: "id", resolvable: false) { id: ID! }
  extend type Subscription {
    stockEvents(shop: ID!, after: String, snapshot: Boolean = false): StockMessage!
      @live(topic: "stock.events", keyArgument: "shop", permission: "orders.read")
    stockLevels(shop: ID!, after: String, snapshot: Boolean = false): StockMessage!
      @live(topic: "stock.events", keyArgument: "shop", permission: "orders.read", slow: LATEST, latestBy: "data.item")
  }
  type StockMessage { sequence: BigInt! occurredAt: DateTime! eventId: ID! type: String! event: StockEvent! }
  union StockEvent = StockChanged | StockSnapshot
  type StockChanged @liveEvent(types: ["stock.item.changed.v1"]) { item: String! version: Int! count: Int! note: String }
  type StockSnapshot @liveSnapshot(key: "shop") { shop: Shop }
`;

export function composeShop(live: string = LIVE_LINK + ORDERS_LIVE + STOCK_LIVE): string {
  const services = { people: PEOPLE, orders: ORDERS, orders_live: live };
  const { supergraphSdl, errors } = composeServices(
    Object.entries(services).map(([name, sdl]) => ({ name, url: `http://${name}.invalid`, typeDefs: parse(sdl) })),
  );
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  return supergraphSdl;
}

export function generationOf(supergraphSdl: string, id: string): SchemaGeneration {
  const supergraph = Supergraph.build(supergraphSdl);
  const planningSchema = supergraph.apiSchema();
  let planner: QueryPlanner | undefined;
  return {
    id,
    supergraphSdl,
    supergraph,
    supergraphSchema: supergraph.schema.toGraphQLJSSchema(),
    planningSchema,
    apiSchema: planningSchema.toGraphQLJSSchema(),
    queryPlanner() {
      planner ??= new QueryPlanner(supergraph);
      return planner;
    },
    requirementFreePlanner: () => {
      throw new Error("the shop has no requirements");
    },
  };
}

interface StockLevel {
  readonly version: number;
  readonly count: number;
}

export interface Shop {
  readonly dataSources: ServiceMap;
  /** Fetches per subgraph, and switches for what goes wrong. */
  readonly fetches: Map<string, number>;
  failing: Set<string>;
  /** Committed versions of orders; 1 where none is named. */
  readonly versions: Map<string, number>;
  /** Versions of an order that a lagging replica answers first, one per read; 0: it does not know the order yet. */
  readonly lag: Map<string, number[]>;
  /** What is committed: shop → item → level. */
  readonly stock: Map<string, Map<string, StockLevel>>;
  /** Runs before the stock is read and again before it is answered. */
  onRead: () => Promise<void>;
}

export function startShop(): Shop {
  const people = buildSubgraphSchema({
    typeDefs: parse(PEOPLE),
    resolvers: {
      User: { __resolveReference: ({ id }: { id: string }) => ({ id, name: `name of ${id}`, nickname: null }) },
      Shop: { __resolveReference: ({ id }: { id: string }) => ({ id, motto: `motto of ${id}` }) },
    },
  });
  const orders = buildSubgraphSchema({
    typeDefs: parse(ORDERS),
    resolvers: {
      Query: { orders: () => [] },
      Shop: {
        __resolveReference: ({ id }: { id: string }) => ({ id }),
        async stock({ id }: { id: string }) {
          await shop.onRead();
          const levels = [...(shop.stock.get(id) ?? [])].map(([item, level]) => ({ item, ...level }));
          await shop.onRead();
          return levels;
        },
      },
      Order: {
        async __resolveReference({ id }: { id: string }) {
          const version = shop.lag.get(id)?.shift() ?? shop.versions.get(id) ?? 1;
          return version === 0 ? null : { id, version, state: "OPEN", buyer: { id: `buyer-of-${id}` } };
        },
      },
    },
  });
  const shop: Shop = {
    fetches: new Map(),
    failing: new Set(),
    versions: new Map(),
    lag: new Map(),
    stock: new Map(),
    onRead: async () => undefined,
    dataSources: { people: source("people", people), orders: source("orders", orders) },
  };

  function source(name: string, schema: GraphQLSchema): GraphQLDataSource {
    return {
      async process({ request }) {
        shop.fetches.set(name, (shop.fetches.get(name) ?? 0) + 1);
        if (shop.failing.has(name)) throw new GraphQLError(`${name} is away`);
        const { data, errors } = await execute({
          schema,
          document: parse(request.query ?? ""),
          variableValues: request.variables ?? {},
        });
        return {
          data: data ?? null,
          ...(errors === undefined ? {} : { errors: errors.map((error) => error.toJSON()) }),
        };
      },
    };
  }
  return shop;
}
