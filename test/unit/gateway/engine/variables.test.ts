import { buildSchema, getVariableValues } from "graphql";
import { expect, test } from "vitest";
import { coerceVariables } from "../../../../gateway/engine/variables.ts";
import { declaredAs, declaredBy } from "./declared-variables.ts";

const SCHEMA = buildSchema(`
  type Query { f(input: Input, ids: [ID!], kind: Kind, n: Int, x: Float): Int }
  input Input { name: String! size: Int = 3 inner: Input tags: [String!] }
  enum Kind { A B }
`);

const CASES: readonly (readonly [declared: string, given: Record<string, unknown>])[] = [
  ["$n: Int, $m: Int = 4, $k: Kind!", { n: 1, k: "B", other: true }],
  ["$input: Input!", { input: { name: "x", inner: { name: "y", tags: "one" } } }],
  ["$ids: [ID!]", { ids: 7 }],
  ["$__proto__: Int, $constructor: Int", { constructor: 1 }],
  ["$n: Int!", {}],
  ["$n: Int!", { n: null }],
  ["$n: Int", { n: "1" }],
  ["$n: Int", { n: { a: [1, [2, [3, []]]], b: {} } }],
  ["$ids: [ID!]", { ids: [1, null, true, Array.from({ length: 12 }, () => 1)] }],
  ["$input: Input", { input: { size: "x", inner: { name: null }, nmae: 1 } }],
  ["$k: Kind", { k: "C" }],
  ["$ids: [ID!]", { ids: Array.from({ length: 50 }, () => true) }],
  ["$n: Int", { n: 2_147_483_648 }],
  ["$n: Int", { n: -2_147_483_649 }],
  ["$n: Int", { n: 2_147_483_647 }],
  ["$n: Int", { n: 1.5 }],
  ["$n: Int = 3", { n: null }],
  ["$ids: [ID!]", { ids: [null] }],
  ["$ids: [ID!]!", { ids: "one" }],
  ["$b: Boolean", { b: 1 }],
  ["$f: Float, $g: Float", { f: 1, g: "1" }],
];

test.each(CASES)("%s with %j comes out as with graphql-js, or is refused with its words", (declared, given) => {
  const variables = declaredAs(declared);
  const ours = coerceVariables(SCHEMA, variables, given);
  const theirs = getVariableValues(SCHEMA, variables.definitions, given, { maxErrors: 20 });
  if ("coerced" in ours) expect(Object.entries(ours.coerced)).toEqual(Object.entries(theirs.coerced ?? {}));
  else expect(ours.errors.map(String)).toEqual(theirs.errors?.map(String));
});

const BOOLEANS = "$a: Boolean = true, $b: Boolean = false";

test.each([
  ["on a field", `query (${BOOLEANS}) { f @include(if: $a) }`],
  ["within what is left out", `query (${BOOLEANS}) { ... @skip(if: true) { f @include(if: $a) } }`],
  [
    "in a fragment within another",
    `query (${BOOLEANS}) { ...F } fragment F on Query { ...G } fragment G on Query { ... @include(if: $a) { f } }`,
  ],
  ["on a spread", `query (${BOOLEANS}) { ...F @include(if: $a) } fragment F on Query { f }`],
])("a condition %s that is given null is refused by its name [S23]", (_, document) => {
  const declared = declaredBy(document);
  const answer = coerceVariables(SCHEMA, declared, { a: null });
  expect("errors" in answer && answer.errors.map(({ message }) => message)).toEqual([
    'Variable "$a" must not be null: "@include(if: $a)" needs true or false.',
  ]);
  expect(coerceVariables(SCHEMA, declared, { b: null })).toMatchObject({ coerced: { a: true, b: null } });
  expect(coerceVariables(SCHEMA, declared, {})).toMatchObject({ coerced: { a: true, b: false } });
});

test("a condition of another operation of the document is none of this one", () => {
  const document = `query One(${BOOLEANS}) { f(n: 1) } query Two($a: Boolean = true) { ...F } fragment F on Query { f @skip(if: $a) }`;
  expect(coerceVariables(SCHEMA, declaredBy(document, "One"), { a: null })).toMatchObject({ coerced: { a: null } });
  expect(coerceVariables(SCHEMA, declaredBy(document, "Two"), { a: null })).toHaveProperty("errors");
});

test("a wrong value is shown in part, however large it is [GW-03]", () => {
  const input = Object.fromEntries(Array.from({ length: 4_000 }, (_, at) => [`k${at}`, "x".repeat(40)]));
  const answer = coerceVariables(SCHEMA, declaredAs("$input: Input, $n: Int"), { input, n: "x".repeat(10_000) });
  const messages = "errors" in answer ? answer.errors.map(({ message }) => message) : [];
  expect(messages.length).toBe(21);
  expect(messages[1]).toContain("... 3990 more members }");
  expect(messages.at(-1)).toContain("error limit reached");
  expect(Math.max(...messages.map(({ length }) => length))).toBeLessThan(2_000);
});
