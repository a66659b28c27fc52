import { buildSchema, getVariableValues, Kind, parse, type VariableDefinitionNode } from "graphql";
import { expect, test } from "vitest";
import { coerceVariables } from "../../../../gateway/engine/variables.ts";

const SCHEMA = buildSchema(`
  type Query { f(input: Input, ids: [ID!], kind: Kind, n: Int): Int }
  input Input { name: String! size: Int = 3 inner: Input tags: [String!] }
  enum Kind { A B }
`);

function definitionsOf(text: string): readonly VariableDefinitionNode[] {
  const [operation] = parse(`query (${text}) { __typename }`).definitions;
  return operation?.kind === Kind.OPERATION_DEFINITION ? (operation.variableDefinitions ?? []) : [];
}

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
];

test.each(CASES)("%s with %j comes out as with graphql-js, or is refused with its words", (declared, given) => {
  const definitions = definitionsOf(declared);
  const ours = coerceVariables(SCHEMA, definitions, given);
  const theirs = getVariableValues(SCHEMA, definitions, given, { maxErrors: 20 });
  if ("coerced" in ours) expect(Object.entries(ours.coerced)).toEqual(Object.entries(theirs.coerced ?? {}));
  else expect(ours.errors.map(String)).toEqual(theirs.errors?.map(String));
});

test("a wrong value is shown in part, however large it is [GW-03]", () => {
  const input = Object.fromEntries(Array.from({ length: 4_000 }, (_, at) => [`k${at}`, "x".repeat(40)]));
  const answer = coerceVariables(SCHEMA, definitionsOf("$input: Input, $n: Int"), { input, n: "x".repeat(10_000) });
  const messages = "errors" in answer ? answer.errors.map(({ message }) => message) : [];
  expect(messages.length).toBe(21);
  expect(messages[1]).toContain("... 3990 more members }");
  expect(messages.at(-1)).toContain("error limit reached");
  expect(Math.max(...messages.map(({ length }) => length))).toBeLessThan(2_000);
});
