import { readdirSync, readFileSync } from "node:fs";
import { composeServices } from "@apollo/composition";
import { GraphQLError, getIntrospectionQuery, Kind, parse } from "graphql";
import { expect, test } from "vitest";
import { buildGeneration } from "../../../../gateway/composition/schema-generation.ts";
import { createCostGuard } from "../../../../gateway/limits/cost-guard.ts";
import { createPlanner } from "../../../../gateway/live/plan/plan.ts";
import type { SchemaGeneration } from "../../../../gateway/ports.ts";
import { gatewaySettings } from "../../../../platform/config/settings.ts";
import { composeShop, generationOf } from "../../../integration/gateway/live/shop-graph.ts";

const DEFAULT_MAXIMUM = gatewaySettings.MAX_COST.parse(undefined);

function guardOf(generation: SchemaGeneration, maxCost = DEFAULT_MAXIMUM) {
  const guard = createCostGuard({
    schema: { current: () => generation, onChange: () => () => undefined },
    maxCost,
    assumedListSize: 10,
  });
  /** Every operation of the document, by name. */
  return (query: string, variables: Readonly<Record<string, unknown>> = {}): [string, number][] => {
    const document = parse(query);
    return document.definitions
      .filter((node) => node.kind === Kind.OPERATION_DEFINITION)
      .map((operation) => {
        const { estimated } = guard.admit({ schema: generation.apiSchema, document, operation, variables });
        return [operation.name?.value ?? "", estimated];
      });
  };
}

function composed(sdl: string): SchemaGeneration {
  const { supergraphSdl, errors } = composeServices([{ name: "one", url: "http://one", typeDefs: parse(sdl) }]);
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  return buildGeneration(supergraphSdl);
}

function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".graphql"))
    .map((name) => readFileSync(`${folder}/${name}`, "utf8"));
}

test("every operation of the web client, the examples and the explorers has five times its cost [GW-03]", () => {
  const costs = guardOf(buildGeneration(readFileSync("schema/generated/supergraph.graphql", "utf8")));
  const introspection = getIntrospectionQuery({
    inputValueDeprecation: true,
    schemaDescription: true,
    specifiedByUrl: true,
  });
  const all = [filesOf("web-client/src/graphql").join("\n"), ...filesOf("schema/examples"), introspection].flatMap(
    (query) => costs(query),
  );
  expect(all.length).toBeGreaterThan(20);
  expect(all.filter(([, estimated]) => estimated * 5 > DEFAULT_MAXIMUM)).toEqual([]);
});

test("what composed directives say counts, under the names of their import [GW-03]", () => {
  const costs = guardOf(
    composed(`
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@cost", { name: "@listSize", as: "@sized" }])
      type Query {
        list(limit: Int = 6 @cost(weight: 3)): [Item] @sized(slicingArguments: ["limit"])
        page(limit: Int): Page @sized(slicingArguments: ["limit"], sizedFields: ["items"])
        few: [Item] @sized(assumedSize: 4)
        dear: Int @cost(weight: 20)
        one: Item
      }
      type Page { items: [Item] others: [Item] }
      type Item @cost(weight: 7) { id: ID! mark: Mark }
      scalar Mark @cost(weight: 2)
    `),
  );
  const cost = (query: string) => costs(query)[0]?.[1];
  expect(cost("{ one { id } }")).toBe(7);
  expect(cost("{ one { mark } }")).toBe(9);
  expect(cost("{ dear }")).toBe(20);
  expect(cost("{ few { id } }")).toBe(4 * 7);
  expect(cost("{ list { id } }")).toBe(6 * 7);
  expect(cost("{ list(limit: 2) { id } }")).toBe(3 + 2 * 7);
  expect(cost("{ page(limit: 3) { items { id } others { id } } }")).toBe(1 + 3 * 7 + 10 * 7);
});

test("directives that were not imported have their specification's prefix", () => {
  const generation = composed(`
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9")
    type Query { few: [Item] @federation__listSize(assumedSize: 4) }
    type Item @federation__cost(weight: 7) { id: ID! }
  `);
  expect(guardOf(generation)("{ few { id } }")).toEqual([["", 28]]);
});

test("equal variables are measured once; other sizes give other costs, refused above the maximum [GW-03]", () => {
  const generation = composed(`
    type Query { people(first: Int = 2): [Person] named(name: String): Person }
    type Person { id: ID! }
  `);
  const guard = createCostGuard({
    schema: { current: () => generation, onChange: () => () => undefined },
    maxCost: 50,
    assumedListSize: 10,
  });
  const document = parse("query ($n: Int = 3) { people(first: $n) { id } }");
  const [operation] = document.definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error("no operation");
  const admit = (variables: Readonly<Record<string, unknown>>) =>
    guard.admit({ schema: generation.apiSchema, document, operation, variables });
  for (const _ of [1, 2]) {
    expect(admit({})).toEqual({ estimated: 3, maximum: 50 });
    expect(admit({ n: 50 })).toEqual({ estimated: 50, maximum: 50 });
    expect(admit({ n: 1 }).estimated).toBe(1);
    let refused: unknown;
    try {
      admit({ n: 51 });
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(GraphQLError);
    expect(refused).toMatchObject({
      extensions: { code: "COST_ESTIMATED_TOO_EXPENSIVE", estimated: 51, maximum: 50, http: { status: 400 } },
    });
  }
  // Null is told apart from absent: no default stands in for it.
  expect(() => admit({ n: null })).toThrow("could cost 100");
});

test("a subscription that could cost too much is not followed [GW-03]", () => {
  const generation = generationOf(composeShop(), "one");
  const follow = (maxCost: number) => {
    const guard = createCostGuard({
      schema: { current: () => generation, onChange: () => () => undefined },
      maxCost,
      assumedListSize: 10,
    });
    const query =
      "subscription { orderEvents { actor { name } event { ... on OrderPlaced { price { parts { label } } } } } }";
    return createPlanner((text) => parse(text), guard.admit)
      .plan(generation, { query })
      .bind({});
  };
  // The event, its actor, its payload, a price and ten parts.
  expect(follow(14).args).toBeDefined();
  expect(() => follow(13)).toThrow("could cost 14; 13 is allowed");
});
