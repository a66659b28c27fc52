import { composeServices } from "@apollo/composition";
import { parse } from "graphql";
import { buildGeneration } from "../../../../gateway/composition/schema-generation.ts";

const SHOP = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@composeDirective"])
    @link(url: "https://tributary.dev/cache/v1.0", import: ["@cacheControl"])
    @composeDirective(name: "@cacheControl")
  directive @cacheControl(maxAge: Int!, scope: CacheControlScope! = VIEWER, tags: [String!]) on OBJECT | FIELD_DEFINITION | INTERFACE | UNION
  enum CacheControlScope { PUBLIC ORGANIZATION VIEWER }
  type Query {
    product(id: ID!): Product
    bare(id: ID!): Bare
    page: Page @cacheControl(maxAge: 60, scope: PUBLIC)
    now: String
    never: Product @cacheControl(maxAge: 0)
  }
  type Product @key(fields: "id") @cacheControl(maxAge: 60, scope: PUBLIC) {
    id: ID! name: String price: Price maker: Maker parts: [Product!] bare: Bare
  }
  type Price { amount: Int }
  type Page { title: String items: [Product!] }
  type Maker @key(fields: "id") @cacheControl(maxAge: 30, scope: ORGANIZATION, tags: ["organization"]) { id: ID! name: String }
  type Bare @key(fields: "id") { id: ID! secret: String }
`;

function generationOf(sdl: string) {
  const { supergraphSdl, errors } = composeServices([{ name: "shop", url: "http://shop", typeDefs: parse(sdl) }]);
  if (supergraphSdl === undefined) throw new Error(String(errors));
  return buildGeneration(supergraphSdl);
}

/** A supergraph of one subgraph, `shop`, some of whose types may be cached. */
export const hintedShop = generationOf(SHOP);
