// A supergraph of one subgraph whose types carry hints, for unit tests of what may be kept.
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";
import { buildGeneration } from "../../../../../gateway/composition/schema-generation.ts";
import type { SchemaGeneration } from "../../../../../gateway/ports.ts";

const HEAD = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@composeDirective", "@external", "@requires"])
    @link(url: "https://tributary.dev/cache/v1.0", import: ["@cacheControl"])
    @link(url: "https://tributary.dev/limits/v1.0", import: ["@rateLimit"])
    @composeDirective(name: "@cacheControl")
    @composeDirective(name: "@rateLimit")
  directive @rateLimit(windowSeconds: Int!, max: Int!) on FIELD_DEFINITION
  directive @cacheControl(maxAge: Int!, scope: CacheControlScope! = VIEWER, tags: [String!])
    on OBJECT | FIELD_DEFINITION | INTERFACE | UNION
  enum CacheControlScope { PUBLIC ORGANIZATION VIEWER }`;

export const generationOf = (sdl: string): SchemaGeneration => composed({ one: sdl });

/** @param subgraphs SDL by name */
export function composed(subgraphs: Readonly<Record<string, string>>): SchemaGeneration {
  const { supergraphSdl, errors } = composeServices(
    Object.entries(subgraphs).map(([name, sdl]) => ({
      name,
      url: `http://${name}`,
      typeDefs: parse(`${HEAD} ${sdl}`),
    })),
  );
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  return buildGeneration(supergraphSdl);
}

export const LIBRARY = `
  type Query {
    book(isbn: ID!): Book
    books: [Book!]!
    chosen: [Book!]! @cacheControl(maxAge: 20, scope: PUBLIC, tags: ["books"])
    chosenBooks: Books @cacheControl(maxAge: 20, scope: VIEWER, tags: ["books"])
    shelf: Shelf
    keptShelf: Shelf @cacheControl(maxAge: 30, scope: ORGANIZATION)
    loan: Loan
    secret: Secret
    never: Book @cacheControl(maxAge: 0)
    count: Int
    keptCount: Int @cacheControl(maxAge: 5, scope: PUBLIC)
    node: Node
    keepable: Keepable
    anything: Anything
    rare: Book @rateLimit(windowSeconds: 60, max: 1)
  }
  type Mutation { borrow: Loan }
  interface Node { id: ID! }
  interface Keepable @cacheControl(maxAge: 9, scope: PUBLIC) { id: ID! }
  union Anything = Book | Loan
  type Book @key(fields: "isbn") @cacheControl(maxAge: 60, scope: PUBLIC) {
    isbn: ID! title: String! price: Price! author: Author loans: Loans secret: Secret
    stock: Int @cacheControl(maxAge: 2, scope: PUBLIC)
  }
  type Author @key(fields: "id") @cacheControl(maxAge: 40, scope: ORGANIZATION) { id: ID! name: String! books: [Book!] }
  type Price { minor: Int! }
  type Shelf { name: String! books: [Book!]! }
  type Books { nodes: [Book!]! }
  type Loans { total: Int! nodes: [Loan!]! }
  type Loan implements Node & Keepable @key(fields: "id") @cacheControl(maxAge: 10, tags: ["organization"]) {
    id: ID! book: Book!
  }
  type Secret implements Node @key(fields: "id") { id: ID! note: String }`;
