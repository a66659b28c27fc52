// Where a wrong value of a variable stands, told to programs.
import { buildSchema } from "graphql";
import { expect, test } from "vitest";
import { coerceVariables } from "../../../../gateway/engine/variables.ts";
import { declaredBy } from "./declared-variables.ts";

const schema = buildSchema(`
  type Query { find(input: Find, ids: [ID!], first: Int): String other(first: Int): Query }
  input Find { text: String!, places: [Place!] }
  input Place { zip: Int! }
`);

const extensionsOf = (document: string, variables: Record<string, unknown>) => {
  const values = coerceVariables(schema, declaredBy(document), variables);
  if (!("errors" in values)) throw new Error("nothing was refused");
  return values.errors.map(({ extensions }) => extensions);
};

test("the field is named like those of user errors, whatever the variable is called [S16]", () => {
  expect(extensionsOf("query($i: Find) { find(input: $i) }", { i: { text: "a", places: [{ zip: "x" }] } })).toEqual([
    { field: ["input", "places", "0", "zip"], variable: ["i", "places", "0", "zip"] },
  ]);
});

test("a variable within an input is named by its place there, and so is one of a fragment [S16]", () => {
  const document = `
    query($zip: Int!, $n: Int!) { find(input: { text: "a", places: [{ zip: 1 }, { zip: $zip }] }) ...More }
    fragment More on Query { other(first: $n) { find(first: 1) } }`;
  expect(extensionsOf(document, { zip: "x", n: null })).toEqual([
    { field: ["input", "places", "1", "zip"], variable: ["zip"] },
    { field: ["first"], variable: ["n"] },
  ]);
});

test("a missing variable and a missing member are named, too [S16]", () => {
  expect(extensionsOf("query($ids: [ID!]!) { find(ids: $ids) }", {})).toEqual([{ field: ["ids"], variable: ["ids"] }]);
  expect(extensionsOf("query($i: Find) { find(input: $i) }", { i: {} })).toEqual([
    { field: ["input"], variable: ["i"] },
  ]);
});
