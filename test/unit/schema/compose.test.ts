import { join } from "node:path";
import { buildSchema, parse, Source } from "graphql";
import { expect, test } from "vitest";
import { composeSupergraph } from "../../../schema/compose.ts";
import { checkMoneyMutations } from "../../../schema/money-mutations.ts";
import { printOperations } from "../../../schema/operations.ts";
import { readSubgraphSources } from "../../../schema/sources.ts";

const federation = '@link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])';
const source = (name: string, sdl: string) => ({ name, live: false, sdl: `extend schema ${federation}\n${sdl}` });
const schemaFolder = join(import.meta.dirname, "../../../schema");

test("the project's subgraphs and their live halves compose", () => {
  const sources = readSubgraphSources(schemaFolder);
  expect(sources.map(({ name }) => name)).toEqual(expect.arrayContaining(["audit", "billing", "user", "billing_live"]));
  const { supergraphSdl, apiSdl } = composeSupergraph(sources);
  expect(supergraphSdl).toContain(
    'BILLING_LIVE @join__graph(name: "billing_live", url: "http://billing_live.invalid/graphql")',
  );
  const api = buildSchema(apiSdl);
  expect(api.getSubscriptionType()?.getFields()).toHaveProperty("billingEvents");
  expect(apiSdl).not.toContain("join__");
});

test("subgraphs that contradict each other do not compose", () => {
  expect(() =>
    composeSupergraph([
      source("one", "type Query { a: Item } type Item @shareable { size: Int }"),
      source("two", "type Query { b: Item } type Item @shareable { size: String }"),
    ]),
  ).toThrow(/Item\.size/);
});

test("a composition hint is a failure that names its code", () => {
  expect(() =>
    composeSupergraph([
      source("one", "type Query { a: Item } type Item @shareable { size: Int }"),
      source("two", "type Query { b: Item } type Item @shareable { size: Int! }"),
    ]),
  ).toThrow(/hint INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE/);
});

test("a mutation of money without a required idempotency key is reported", () => {
  const shop = (type: string, money = "type Money { amountMinor: Int }") => ({
    name: "shop",
    live: false,
    sdl: `${money} type Mutation { pay(input: PayInput!): ID, refund(id: ID!): ID } input PayInput { idempotencyKey: ${type} }`,
  });
  expect(checkMoneyMutations([shop("String!")])).toEqual([
    "Mutation.refund: a mutation of money must have input.idempotencyKey: String!",
  ]);
  expect(checkMoneyMutations([shop("String")])).toHaveLength(2);
  expect(checkMoneyMutations([shop("String", "")])).toEqual([]);
});

test("typed documents tell scalars as they travel in JSON", async () => {
  const api = "scalar BigInt scalar DateTime type Query { sum(at: DateTime!): BigInt! }";
  const document = parse("query Sum($at: DateTime!) { sum(at: $at) }");
  const printed = await printOperations(api, [{ location: "sum.graphql", document }]);
  expect(printed).toContain("export type SumQuery = { readonly sum: string };");
  expect(printed).toContain("export const SumDocument = ");
});

test("an operation that the API does not answer is refused", async () => {
  const document = parse(new Source("query Sum { total }", "sum.graphql"));
  await expect(printOperations("type Query { sum: Int }", [{ location: "sum.graphql", document }])).rejects.toThrow(
    /web-client\/src\/graphql asks for what no subgraph has[\s\S]*sum\.graphql:1:13 Cannot query field "total"/,
  );
});
