// An invented subgraph, and what a planner would fetch from it.
import { buildSubgraphSchema } from "@apollo/subgraph";
import { GraphQLError, parse } from "graphql";
import { createEntityFetches, type EntityFetch } from "../../../../../gateway/live/enrichment/entity-fetch.ts";

export const things = buildSubgraphSchema({
  typeDefs: parse(`
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
    type Query { nothing: String }
    type Thing @key(fields: "id") { id: ID! label(size: Int = 1): String! parts: [Part!]! broken: String }
    type Part @key(fields: "id") { id: ID! }
  `),
  resolvers: {
    Thing: {
      async __resolveReference({ id }: { id: string }) {
        if (id === "unspeakable") throw new GraphQLError("no such thing");
        return id === "gone" ? null : { id };
      },
      label: ({ id }: { id: string }, { size }: { size: number }) => id.repeat(size),
      parts: ({ id }: { id: string }) => [{ id: `part of ${id}` }],
      broken: () => {
        throw new GraphQLError("broken");
      },
    },
    Part: { __resolveReference: ({ id }: { id: string }) => ({ id }) },
  },
});

export const LABEL =
  "query A__1($representations:[_Any!]!){_entities(representations:$representations){...on Thing{label}}}";
export const SIZED =
  "query C($representations:[_Any!]!$size:Int){_entities(representations:$representations){...on Thing{...F}}}fragment F on Thing{label(size:$size)}";
export const PARTS =
  "query D($representations:[_Any!]!){_entities(representations:$representations){...on Thing{parts{id}}}}";
export const BROKEN =
  "query E($representations:[_Any!]!){_entities(representations:$representations){...on Thing{label broken}}}";

const fetches = createEntityFetches();

export function compile(operation: string, versioned: readonly string[] = []): EntityFetch | undefined {
  const requires = [{ kind: "InlineFragment" as const, typeCondition: "Thing", selections: [] }];
  return fetches.compile({ requires, operation }, new Set(versioned));
}

export function compiled(operation: string, versioned: readonly string[] = []): EntityFetch {
  const fetch = compile(operation, versioned);
  if (fetch === undefined) throw new Error(`not a fetch of entities: ${operation}`);
  return fetch;
}
