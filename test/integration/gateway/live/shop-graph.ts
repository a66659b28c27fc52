// A supergraph of the tests' own: two subgraphs in process and one live SDL, so that the live room is shown to know no domain.
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
    @link(url: "https://tributary.dev/live/v1.0", import: ["@live", "@liveEvent"])
    @composeDirective(name: "@live") @composeDirective(name: "@liveEvent")
  directive @live(topic: String!, keyArgument: String!, permission: String!, filters: [LiveFilter!]! = []) on FIELD_DEFINITION
  directive @liveEvent(types: [String!]!) on OBJECT
  input LiveFilter { argument: String! path: String! }
  scalar DateTime
  scalar BigInt
`;

const PEOPLE = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
  type Query { people: [User!]! }
  type User @key(fields: "id") { id: ID! name: String! nickname: String }
`;

const ORDERS = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
  type Query { orders: [Order!]! }
  type Order @key(fields: "id") { id: ID! state: String! buyer: User }
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
  type OrderShipped @liveEvent(types: ["orders.order.shipped.v1", "orders.order.returned.v1"]) { order: Order! reason: String }
  type Price { minor: BigInt! parts: [Part!]! }
  type Part { label: String! }
`;

export function composeShop(live: string = LIVE_LINK + ORDERS_LIVE): string {
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
  };
}

export interface Shop {
  readonly dataSources: ServiceMap;
  /** Fetches per subgraph, and switches for what goes wrong. */
  readonly fetches: Map<string, number>;
  failing: Set<string>;
}

export function startShop(): Shop {
  const people = buildSubgraphSchema({
    typeDefs: parse(PEOPLE),
    resolvers: {
      User: { __resolveReference: ({ id }: { id: string }) => ({ id, name: `name of ${id}`, nickname: null }) },
    },
  });
  const orders = buildSubgraphSchema({
    typeDefs: parse(ORDERS),
    resolvers: {
      Query: { orders: () => [] },
      Order: {
        __resolveReference: ({ id }: { id: string }) => ({ id, state: "OPEN", buyer: { id: `buyer-of-${id}` } }),
      },
    },
  });
  const shop: Shop = {
    fetches: new Map(),
    failing: new Set(),
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
