// Two subgraphs whose types carry cache hints, served over HTTP, for tests of the gateway's caches.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { composeServices } from "@apollo/composition";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { execute, GraphQLError, parse } from "graphql";
import { z } from "zod";

const DIRECTIVE = `
  directive @cacheControl(maxAge: Int!, scope: CacheControlScope! = VIEWER, tags: [String!])
    on OBJECT | FIELD_DEFINITION | INTERFACE | UNION
  enum CacheControlScope { PUBLIC ORGANIZATION VIEWER }`;

const LINK = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable", "@composeDirective"])
    @link(url: "https://tributary.dev/cache/v1.0", import: ["@cacheControl"])
    @composeDirective(name: "@cacheControl")
  ${DIRECTIVE}`;

const BOOKS = parse(`${LINK}
  type Query {
    books: [Book!]! @cacheControl(maxAge: 60, scope: PUBLIC, tags: ["books"])
    book(isbn: ID!): Book
    brief: Book @cacheControl(maxAge: 2, scope: PUBLIC)
    me: Reader
    uncached: Loan
    broken: Book
  }
  type Mutation { retitle(isbn: ID!, title: String!): Book }
  type Book @key(fields: "isbn") @cacheControl(maxAge: 60, scope: PUBLIC) { isbn: ID! title: String! lines: [Line!]! }
  type Line @shareable { text: String! }
  type Reader @key(fields: "id") @cacheControl(maxAge: 60) { id: ID! name: String! }
  type Loan @key(fields: "id") { id: ID! }
`);

const REVIEWS = parse(`${LINK}
  type Book @key(fields: "isbn") { isbn: ID! rating: Int! }
`);

export interface HintedGraph extends AsyncDisposable {
  readonly supergraphSdl: string;
  /** Requests to subgraphs so far. */
  requests(): number;
  /** Changed behind the gateway's back. */
  readonly titles: Map<string, string>;
  /** Awaited before each answer. */
  before: () => Promise<void>;
}

function readerOf(context: unknown) {
  const { caller } = z.object({ caller: z.string() }).parse(context);
  return { id: caller, name: `Reader ${caller}` };
}

const bodySchema = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

export async function startHintedGraph(): Promise<HintedGraph> {
  const titles = new Map([
    ["1", "Emma"],
    ["2", "Dune"],
  ]);
  const book = (isbn: string) => (titles.has(isbn) ? { isbn, title: titles.get(isbn), lines: [{ text: "…" }] } : null);
  const schemas = {
    books: buildSubgraphSchema({
      typeDefs: BOOKS,
      resolvers: {
        Query: {
          books: () => [...titles.keys()].map(book),
          book: (_: unknown, { isbn }: { isbn: string }) => book(isbn),
          brief: () => book("1"),
          me: (_: unknown, __: unknown, context: unknown) => readerOf(context),
          uncached: () => ({ id: "l1" }),
          broken: () => {
            throw new GraphQLError("The shelf is empty.", { extensions: { code: "NOT_FOUND" } });
          },
        },
        Mutation: {
          retitle: (_: unknown, { isbn, title }: { isbn: string; title: string }) => {
            titles.set(isbn, title);
            return book(isbn);
          },
        },
        Book: { __resolveReference: ({ isbn }: { isbn: string }) => book(isbn) },
      },
    }),
    reviews: buildSubgraphSchema({
      typeDefs: REVIEWS,
      resolvers: { Book: { __resolveReference: ({ isbn }: { isbn: string }) => ({ isbn, rating: 5 }) } },
    }),
  };
  let requests = 0;
  const server = createServer(async (request, response) => {
    requests += 1;
    const { query, variables, operationName } = bodySchema.parse(JSON.parse(await text(request)));
    await graph.before();
    const result = await execute({
      schema: request.url === "/books" ? schemas.books : schemas.reviews,
      document: parse(query),
      variableValues: variables ?? {},
      operationName: operationName ?? null,
      contextValue: { caller: request.headers.authorization ?? "nobody" },
    });
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(result));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const base = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const { supergraphSdl, errors } = composeServices([
    { name: "books", url: `${base}/books`, typeDefs: BOOKS },
    { name: "reviews", url: `${base}/reviews`, typeDefs: REVIEWS },
  ]);
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  const graph: HintedGraph = {
    supergraphSdl,
    requests: () => requests,
    titles,
    before: async () => undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return graph;
}
