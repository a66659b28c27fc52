// Entities that one subgraph refers to and another one does not know, or does not show to who asks.
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";
import { expect, test } from "vitest";
import { buildGeneration } from "../../../../gateway/composition/schema-generation.ts";
import { createExecutor } from "../../../../gateway/engine/executor.ts";
import type { SubgraphAnswer } from "../../../../gateway/transport/subgraph-client.ts";
import { anonymousContext } from "../../../support/anonymous-context.ts";

const HEAD = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])`;
const { supergraphSdl = "" } = composeServices([
  {
    name: "log",
    url: "http://log",
    typeDefs: parse(`${HEAD} type Query { entries: [Entry!]! } type Entry { actor: User author: User! }
      type User @key(fields: "id", resolvable: false) { id: ID! }`),
  },
  {
    name: "people",
    url: "http://people",
    typeDefs: parse(`${HEAD} type User @key(fields: "id") { id: ID! name: String! mail: String }`),
  },
]);
const generation = buildGeneration(supergraphSdl);

const answer = (data: SubgraphAnswer["data"], errors: SubgraphAnswer["errors"] = []): SubgraphAnswer => {
  return { data, errors, shared: false };
};

async function run(query: string, people: SubgraphAnswer) {
  const user = (id: string) => ({ __typename: "User", id });
  const entries = ["1", "2"].map((id) => ({ actor: user(id), author: user(id) }));
  const executor = createExecutor({
    clients: () =>
      new Map([
        ["log", async () => answer({ entries })],
        ["people", async () => people],
      ]),
  });
  const { data = "null", errors } = await executor.execute({
    generation,
    documentId: query,
    document: parse(query),
    operationName: undefined,
    variables: {},
    context: anonymousContext(),
  });
  return { data: JSON.parse(data), errors: errors.map(({ message, path }) => ({ message, path })) };
}

const user = { __typename: "User", name: "Ada" };

test("an entity that its subgraph does not know is null where it may be, and no error", async () => {
  expect(await run("{ entries { actor { id name } } }", answer({ _entities: [user, null] }))).toEqual({
    data: { entries: [{ actor: { id: "1", name: "Ada" } }, { actor: null }] },
    errors: [],
  });
  // What may be missing is missing.
  expect(await run("{ entries { actor { id mail } } }", answer({ _entities: [user, null] }))).toEqual({
    data: { entries: [{ actor: { id: "1", mail: null } }, { actor: { id: "2", mail: null } }] },
    errors: [],
  });
});

test("where an entity may not be missing the error names the place", async () => {
  const { data, errors } = await run("{ entries { author { name } } }", answer({ _entities: [user, null] }));
  expect(data).toBeNull();
  expect(errors).toEqual([
    { message: "Cannot return null for non-nullable field Entry.author.", path: ["entries", 1, "author"] },
  ]);
});

test("a subgraph that answers with an error, or leaves out what must be there, is no such case", async () => {
  const failed = answer({ _entities: [user, null] }, [{ message: "away", path: ["_entities", 1] }]);
  expect((await run("{ entries { actor { name } } }", failed)).errors).toEqual([
    { message: "away", path: ["entries", 1, "actor", "name"] },
  ]);
  const nameless = answer({ _entities: [user, { __typename: "User" }] });
  expect((await run("{ entries { actor { name } } }", nameless)).errors).toEqual([
    { message: "Cannot return null for non-nullable field User.name.", path: ["entries", 1, "actor", "name"] },
  ]);
});
