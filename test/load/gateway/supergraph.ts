// The public gateway benchmark's graph and query, written anew from its public schema.
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires", "@provides", "@shareable"])`;

export const SUBGRAPHS = {
  accounts: `${LINK}
    type Query { me: User user(id: ID!): User users: [User] }
    type User @key(fields: "id") { id: ID! name: String username: String @shareable birthday: Int }`,
  inventory: `${LINK}
    type Product @key(fields: "upc") { upc: String! weight: Int @external price: Int @external inStock: Boolean shippingEstimate: Int @requires(fields: "price weight") }`,
  products: `${LINK}
    type Query { topProducts(first: Int = 5): [Product] }
    type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int }`,
  reviews: `${LINK}
    type Review @key(fields: "id") { id: ID! body: String product: Product author: User @provides(fields: "username") }
    type User @key(fields: "id") { id: ID! username: String @external reviews: [Review] }
    type Product @key(fields: "upc") { upc: String! reviews: [Review] }`,
};

const HINTS = `extend schema @link(url: "https://tributary.dev/cache/v1.0", import: ["@cacheControl"]) @composeDirective(name: "@cacheControl")
  directive @cacheControl(maxAge: Int!, scope: CacheControlScope! = VIEWER, tags: [String!]) on OBJECT | FIELD_DEFINITION | INTERFACE | UNION
  enum CacheControlScope { PUBLIC ORGANIZATION VIEWER }`;

/** Every type may be kept for a minute, for everybody. */
function hinted(sdl: string): string {
  const types = sdl
    .replace('"@shareable"]', '"@shareable", "@composeDirective"]')
    .replaceAll(/type (User|Product|Review) @key\(fields: "\w+"\)/g, "$& @cacheControl(maxAge: 60, scope: PUBLIC)");
  return `${types} ${HINTS}`;
}

export interface ShopGraphOptions {
  /** Address in front of `/accounts` and so on. */
  readonly base: string;
  readonly cacheHints: boolean;
}

export function composeShopGraph({ base, cacheHints }: ShopGraphOptions): string {
  const { supergraphSdl, errors } = composeServices(
    Object.entries(SUBGRAPHS).map(([name, sdl]) => ({
      name,
      typeDefs: parse(cacheHints ? hinted(sdl) : sdl),
      url: `${base}/${name}`,
    })),
  );
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  return supergraphSdl;
}

export const QUERY = `
  fragment User on User { id username name }
  fragment Review on Review { id body }
  fragment Product on Product { inStock name price shippingEstimate upc weight }
  query TestQuery {
    users { ...User reviews { ...Review product { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } } } }
    topProducts { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } }
  }`;
