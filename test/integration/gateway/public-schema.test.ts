// What clients are told of the platform's schema by a running gateway.
import { readFile } from "node:fs/promises";
import {
  buildClientSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
} from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkPublicSchema } from "../../../schema/public-schema.ts";
import { type RunningGateway, startStandalone } from "./standalone-gateway.ts";

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startStandalone(await readFile("schema/generated/supergraph.graphql", "utf8"));
});
afterAll(() => gateway[Symbol.asyncDispose]());

async function introspected(): Promise<string> {
  const { body } = await gateway.post({ query: getIntrospectionQuery({ specifiedByUrl: true }) });
  expect(body.errors).toBeUndefined();
  // What is no introspection is refused by the next line.
  const schema = buildClientSchema(JSON.parse(JSON.stringify(body.data)) satisfies IntrospectionQuery);
  return printSchema(lexicographicSortSchema(schema));
}

test("introspection shows the published schema, and no machinery", async () => {
  const sdl = await introspected();
  expect(checkPublicSchema(sdl)).toEqual([]);
  const published = await readFile("schema/generated/api.graphql", "utf8");
  expect(sdl.trim()).toBe(published.replace(/^# Generated.*\n/, "").trim());
});

test("introspection lists the directives of GraphQL and no other", async () => {
  const { body } = await gateway.post({ query: "{ __schema { directives { name } } }" });
  expect(body.data).toEqual({
    __schema: { directives: ["include", "skip", "deprecated", "specifiedBy", "oneOf"].map((name) => ({ name })) },
  });
});

test("what subgraphs show the gateway is unknown to clients, by name and by field", async () => {
  const names = [
    "_Any",
    "_Entity",
    "_Service",
    "join__Graph",
    "link__Purpose",
    "live__Scope",
    "cache__Scope",
    "LiveScope",
  ];
  const types = names.map((name) => `${name}: __type(name: "${name}") { name }`);
  const response = await gateway.post({ query: `{ ${types.join(" ")} }` });
  expect(response.body.data).toEqual(Object.fromEntries(names.map((name) => [name, null])));
  for (const field of ["_service { sdl }", "_entities(representations: []) { __typename }"]) {
    const { status, body } = await gateway.post({ query: `{ ${field} }` });
    expect(status).toBe(400);
    expect(body.errors?.[0]?.extensions["code"]).toBe("GRAPHQL_VALIDATION_FAILED");
  }
});
