// A small federated graph of its own (products and reviews), served by real HTTP servers, for tests of the gateway
// alone.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { composeServices } from "@apollo/composition";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { execute, GraphQLError, parse } from "graphql";
import { z } from "zod";

export interface InventedSubgraph extends AsyncDisposable {
  readonly url: string;
  /** Headers of every request, oldest first. */
  readonly requests: IncomingHttpHeaders[];
  /** Requests whose connection the gateway closed before they were answered. */
  aborted: number;
  /** `hang` accepts and never answers; `refuse` cuts the connection; `break` answers what is no GraphQL. */
  behaviour: "answer" | "hang" | "refuse" | "break";
}

const products = [
  { upc: "1", name: "Table", price: 899 },
  { upc: "2", name: "Couch", price: 1299 },
];

const PRODUCTS = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
  type Query { topProducts(first: Int = 5): [Product!]! product(upc: ID!): Product broken: String refused: String incomplete: Product }
  type Mutation { rename(upc: ID!, name: String!): Product }
  type Product @key(fields: "upc") { upc: ID! name: String! price: Int! related: [Product!] }
`);

const REVIEWS = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
  type Query { latestReview: Review }
  type Product @key(fields: "upc") { upc: ID! reviews: [Review!] stock: Int! }
  type Review { id: ID! body: String! product: Product! }
`);

export interface InventedGraph extends AsyncDisposable {
  readonly products: InventedSubgraph;
  readonly reviews: InventedSubgraph;
  readonly supergraphSdl: string;
  /** How often the mutation ran. */
  readonly renames: () => number;
}

export async function startInventedGraph(): Promise<InventedGraph> {
  let renames = 0;
  const productServer = await serve(PRODUCTS, {
    Query: {
      topProducts: () => products,
      product: (_: unknown, { upc }: { upc: string }) => products.find((product) => product.upc === upc) ?? null,
      broken: () => {
        throw new Error('prisma: SELECT * FROM "secret" failed at /srv/app/store.ts:12');
      },
      incomplete: () => ({ upc: "9", name: "Ghost", price: 1 }),
      refused: () => {
        throw new GraphQLError("You may not see this.", { extensions: { code: "FORBIDDEN", status: 403 } });
      },
    },
    Mutation: {
      rename: (_: unknown, { upc, name }: { upc: string; name: string }) => {
        renames += 1;
        return { ...products.find((product) => product.upc === upc), name };
      },
    },
    Product: {
      __resolveReference: ({ upc }: { upc: string }) => products.find((product) => product.upc === upc),
      related: () => products,
    },
  });
  const reviewServer = await serve(REVIEWS, {
    Query: { latestReview: () => ({ id: "r1", body: "Sturdy", product: { upc: "1" } }) },
    Product: {
      __resolveReference: ({ upc }: { upc: string }) => (upc === "9" ? null : { upc }),
      stock: () => 3,
      reviews: ({ upc }: { upc: string }) => [{ id: `r${upc}`, body: `Review of ${upc}`, product: { upc } }],
    },
  });
  return {
    products: productServer,
    reviews: reviewServer,
    supergraphSdl: compose({ products: productServer.url, reviews: reviewServer.url }),
    renames: () => renames,
    async [Symbol.asyncDispose]() {
      await productServer[Symbol.asyncDispose]();
      await reviewServer[Symbol.asyncDispose]();
    },
  };
}

/** The supergraph of the two, or with an additional field in `products`, for reloads. */
export function compose(urls: { products: string; reviews: string }, extraField = ""): string {
  const more = extraField === "" ? [] : parse(`extend type Query { ${extraField} }`).definitions;
  const { supergraphSdl, errors } = composeServices([
    {
      name: "products",
      url: urls.products,
      typeDefs: { ...PRODUCTS, definitions: [...PRODUCTS.definitions, ...more] },
    },
    { name: "reviews", url: urls.reviews, typeDefs: REVIEWS },
  ]);
  if (supergraphSdl === undefined) throw new Error(errors?.map((error) => error.message).join("\n"));
  return supergraphSdl;
}

const bodySchema = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

type Resolvers =
  NonNullable<Parameters<typeof buildSubgraphSchema>[0]> extends infer Options
    ? Options extends { resolvers?: infer Value }
      ? Value
      : never
    : never;

async function serve(typeDefs: ReturnType<typeof parse>, resolvers: Resolvers): Promise<InventedSubgraph> {
  const schema = buildSubgraphSchema({ typeDefs, ...(resolvers === undefined ? {} : { resolvers }) });
  const answer = async (text: string, response: ServerResponse): Promise<void> => {
    const { query, variables, operationName } = bodySchema.parse(JSON.parse(text));
    const result = await execute({
      schema,
      document: parse(query),
      variableValues: variables ?? {},
      operationName: operationName ?? null,
    });
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(result));
  };
  const server = createServer((request, response) => {
    subgraph.requests.push(request.headers);
    if (subgraph.behaviour === "refuse") {
      request.socket.destroy();
      return;
    }
    response.on("close", () => {
      if (!response.writableEnded) subgraph.aborted += 1;
    });
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      text += chunk;
    });
    request.on("end", () => {
      if (subgraph.behaviour === "hang") return;
      if (subgraph.behaviour === "break") response.end("<html>proxy error at /srv</html>");
      else answer(text, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const subgraph: InventedSubgraph = {
    url: `http://127.0.0.1:${port}/graphql`,
    requests: [],
    aborted: 0,
    behaviour: "answer",
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return subgraph;
}
