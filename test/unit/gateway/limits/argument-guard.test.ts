import { readFileSync } from "node:fs";
import { composeServices } from "@apollo/composition";
import { GraphQLError, getNamedType, isObjectType, Kind, parse } from "graphql";
import { expect, test } from "vitest";
import { buildGeneration } from "../../../../gateway/composition/schema-generation.ts";
import { createArgumentGuard } from "../../../../gateway/limits/argument-guard.ts";
import { readArgumentRules } from "../../../../gateway/limits/argument-rules.ts";
import type { SchemaGeneration } from "../../../../gateway/ports.ts";

function composed(sdl: string): SchemaGeneration {
  const { supergraphSdl, errors } = composeServices([{ name: "one", url: "http://one", typeDefs: parse(sdl) }]);
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  return buildGeneration(supergraphSdl);
}

/** @returns the path and the message of the refusal */
function checkerOf(generation: SchemaGeneration) {
  const guard = createArgumentGuard({ current: () => generation, onChange: () => () => undefined });
  const documents = new Map<string, ReturnType<typeof parse>>();
  return (query: string, variables: Readonly<Record<string, unknown>> = {}): string | undefined => {
    const document = documents.get(query) ?? parse(query);
    documents.set(query, document);
    const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
    if (operation === undefined) throw new Error("no operation");
    try {
      guard.admit({ schema: generation.apiSchema, document, operation, variables });
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      expect(error.extensions).toMatchObject({ code: "BAD_USER_INPUT", http: { status: 400 } });
      return `${error.path?.join(".")}: ${error.message}`;
    }
    return undefined;
  };
}

const LIMITS = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@listSize", "@composeDirective"])
    @link(url: "https://tributary.dev/limits/v1.0", import: ["@constraint"])
    @composeDirective(name: "@constraint")
  directive @constraint(min: Int!, max: Int!) on ARGUMENT_DEFINITION
`;

const check = checkerOf(
  composed(`${LIMITS}
    type Query { shop: Shop shops: [Shop!]! node: Node }
    type Subscription { sold: Shop }
    interface Node { id: ID! items(first: Int @constraint(min: 1, max: 9)): [Item] }
    type Shop implements Node {
      id: ID!
      items(first: Int @constraint(min: 1, max: 9)): [Item]
      page(
        first: Int @constraint(min: 1, max: 100)
        last: Int @constraint(min: 1, max: 100)
      ): Page @listSize(slicingArguments: ["first", "last"], sizedFields: ["edges"])
      few(first: Int = 5 @constraint(min: 1, max: 9), last: Int): [Item] @listSize(slicingArguments: ["first", "last"])
      some(first: Int): [Item] @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false)
      plain(first: Int, last: Int): [Item]
    }
    type Page { edges: [Edge!]! }
    type Edge { node: Item }
    type Item { id: ID! shop: Shop }
  `),
);

const ONE = "`Shop.page` takes exactly one of `first` and `last`, from 1 to 100.";

test.each<[string, string, Record<string, unknown>, string | undefined]>([
  ["a page", "{ shop { page(first: 3) { edges { node { id } } } } }", {}, undefined],
  ["a page from the end", "{ shop { page(last: 100) { edges { node { id } } } } }", {}, undefined],
  ["no size", "{ shop { page { edges { node { id } } } } }", {}, `shop.page: ${ONE}`],
  [
    "sizes that are null",
    "{ shop { page(first: null, last: null) { edges { node { id } } } } }",
    {},
    `shop.page: ${ONE}`,
  ],
  ["both sizes", "{ shop { page(first: 1, last: 1) { edges { node { id } } } } }", {}, `shop.page: ${ONE}`],
  ["one size and null", "{ shop { page(first: 1, last: null) { edges { node { id } } } } }", {}, undefined],
  [
    "zero",
    "{ shop { page(first: 0) { edges { node { id } } } } }",
    {},
    "shop.page: `first` of `Shop.page` is 1 to 100: 0 was given.",
  ],
  [
    "a negative size",
    "{ shop { page(last: -1) { edges { node { id } } } } }",
    {},
    "shop.page: `last` of `Shop.page` is 1 to 100: -1 was given.",
  ],
  [
    "too large a size",
    "{ shop { page(first: 101) { edges { node { id } } } } }",
    {},
    "shop.page: `first` of `Shop.page` is 1 to 100: 101 was given.",
  ],
  [
    "an alias",
    "{ s: shop { p: page(first: 0) { edges { node { id } } } } }",
    {},
    "s.p: `first` of `Shop.page` is 1 to 100: 0 was given.",
  ],
  [
    "a list within lists",
    "{ shops { page(first: 1) { edges { node { shop { page(first: 0) { edges { node { id } } } } } } } } }",
    {},
    "shops.page.edges.node.shop.page: `first` of `Shop.page` is 1 to 100: 0 was given.",
  ],
  [
    "a variable",
    "query ($n: Int) { shop { page(first: $n) { edges { node { id } } } } }",
    { n: 0 },
    "shop.page: `first` of `Shop.page` is 1 to 100: 0 was given.",
  ],
  [
    "a variable that is fine",
    "query ($n: Int) { shop { page(first: $n) { edges { node { id } } } } }",
    { n: 7 },
    undefined,
  ],
  [
    "a variable that is null",
    "query ($n: Int) { shop { page(first: $n) { edges { node { id } } } } }",
    { n: null },
    `shop.page: ${ONE}`,
  ],
  [
    "a variable without a value",
    "query ($n: Int) { shop { page(first: $n) { edges { node { id } } } } }",
    {},
    `shop.page: ${ONE}`,
  ],
  [
    "a variable's default",
    "query ($n: Int = 500) { shop { page(first: $n) { edges { node { id } } } } }",
    {},
    "shop.page: `first` of `Shop.page` is 1 to 100: 500 was given.",
  ],
  [
    "two variables, one given",
    "query ($n: Int, $m: Int) { shop { page(first: $n, last: $m) { edges { node { id } } } } }",
    { m: 2 },
    undefined,
  ],
  [
    "two variables, both given",
    "query ($n: Int, $m: Int) { shop { page(first: $n, last: $m) { edges { node { id } } } } }",
    { n: 1, m: 2 },
    `shop.page: ${ONE}`,
  ],
  [
    "a fragment",
    "{ shop { ...F } } fragment F on Shop { page(first: -5) { edges { node { id } } } }",
    {},
    "shop.page: `first` of `Shop.page` is 1 to 100: -5 was given.",
  ],
  [
    "an inline fragment",
    "{ shop { ... on Shop { ... { page { edges { node { id } } } } } } }",
    {},
    `shop.page: ${ONE}`,
  ],
  [
    "an interface",
    "{ node { items(first: 10) { id } } }",
    {},
    "node.items: `first` of `Node.items` is 1 to 9: 10 was given.",
  ],
  [
    "a type of an interface",
    "{ node { ... on Shop { items(first: 10) { id } } } }",
    {},
    "node.items: `first` of `Shop.items` is 1 to 9: 10 was given.",
  ],
  [
    "a subscription",
    "subscription { sold { page(first: 101) { edges { node { id } } } } }",
    {},
    "sold.page: `first` of `Shop.page` is 1 to 100: 101 was given.",
  ],
  ["a bounded argument that is left out", "{ shop { items { id } } }", {}, undefined],
  ["a default that is used", "{ shop { few { id } } }", {}, undefined],
  ["a default that stands aside", "{ shop { few(last: 3) { id } } }", {}, undefined],
  [
    "a null in place of a default",
    "{ shop { few(first: null) { id } } }",
    {},
    "shop.few: `Shop.few` takes exactly one of `first` and `last`.",
  ],
  [
    "a negative size that has no bounds",
    "{ shop { few(last: -3) { id } } }",
    {},
    "shop.few: `last` of `Shop.few` is how many are asked for: -3 was given.",
  ],
  ["a size that is not required", "{ shop { some { id } } }", {}, undefined],
  [
    "a size that is not required and negative",
    "{ shop { some(first: -1) { id } } }",
    {},
    "shop.some: `first` of `Shop.some` is how many are asked for: -1 was given.",
  ],
  ["what nobody declared anything of", "{ shop { plain(first: -1, last: 100000) { id } } }", {}, undefined],
  [
    "what is left out",
    "query ($w: Boolean!) { shop { page(first: 0) @include(if: $w) { edges { node { id } } } } }",
    { w: false },
    undefined,
  ],
  [
    "what is not left out",
    "query ($w: Boolean!) { shop { page(first: 0) @include(if: $w) { edges { node { id } } } } }",
    { w: true },
    "shop.page: `first` of `Shop.page` is 1 to 100: 0 was given.",
  ],
  [
    "what a fragment leaves out",
    "query ($s: Boolean = true) { shop { ...F @skip(if: $s) } } fragment F on Shop { page { edges { node { id } } } }",
    {},
    undefined,
  ],
  [
    "what a fragment leaves out once and not again",
    "query ($s: Boolean = true) { shop { ...F @skip(if: $s) ...F } } fragment F on Shop { page { edges { node { id } } } }",
    {},
    `shop.page: ${ONE}`,
  ],
])("%s", (_, query, variables, expected) => {
  expect(check(query, variables)).toBe(expected);
  // Asked again, and after other values.
  expect(check(query, variables)).toBe(expected);
  check(query, { n: 55, m: null, w: true, s: false });
  expect(check(query, variables)).toBe(expected);
});

test("a document that spreads itself over and over is looked at in no time", () => {
  const levels = 25;
  const fragments = Array.from(
    { length: levels },
    (_, level) =>
      `fragment F${level} on Shop { a: items { shop { ...F${level + 1} } } b: items { shop { ...F${level + 1} } } }`,
  );
  const query = `{ shop { ...F0 } } ${fragments.join(" ")} fragment F${levels} on Shop { page(first: 0) { edges { node { id } } } }`;
  expect(check(query)).toContain("`first` of `Shop.page`");
});

test("every connection of the platform takes exactly one of first and last, from 1 to 100", () => {
  const sdl = readFileSync("schema/generated/supergraph.graphql", "utf8");
  const rules = readArgumentRules(sdl);
  const { apiSchema } = buildGeneration(sdl);
  const pages = Object.values(apiSchema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith("__"))
    .flatMap((type) =>
      isObjectType(type)
        ? Object.values(type.getFields()).map((field) => ({ coordinate: `${type.name}.${field.name}`, field }))
        : [],
    )
    .filter(({ field }) => field.args.some(({ name }) => name === "first"));
  expect(pages.length).toBeGreaterThan(8);
  for (const { coordinate, field } of pages) {
    const connection = getNamedType(field.type).name.endsWith("Connection");
    const found = rules.get(coordinate);
    expect(found?.slicing, coordinate).toEqual(connection ? ["first", "last"] : ["first"]);
    expect(found?.requiresOne, coordinate).toBe(true);
    const bounds = connection ? { min: 1, max: 100 } : { min: 1, max: 500 };
    expect([...(found?.bounds.values() ?? [])], coordinate).toEqual(connection ? [bounds, bounds] : [bounds]);
  }
});
