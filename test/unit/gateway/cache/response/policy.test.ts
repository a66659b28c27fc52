import { parse } from "graphql";
import { expect, test } from "vitest";
import { responsePolicy } from "../../../../../gateway/cache/response/policy.ts";
import { generationOf, LIBRARY } from "./graph.ts";

const generation = generationOf(LIBRARY);
const policyOf = (text: string, name?: string) => responsePolicy(generation, parse(text), name);

test("an answer is worth the least of its parts", () => {
  const book = { maxAgeMs: 60_000, scope: "PUBLIC", tags: [] };
  expect(policyOf("{ book(isbn: 1) { title price { minor } __typename } }")).toEqual(book);
  expect(policyOf("{ book(isbn: 1) { title stock } }")).toEqual({ ...book, maxAgeMs: 2_000 });
  expect(policyOf("{ book(isbn: 1) { author { name } } }")).toEqual({
    maxAgeMs: 40_000,
    scope: "ORGANIZATION",
    tags: [],
  });
  expect(policyOf("{ book(isbn: 1) { loans { nodes { id } } } }")).toEqual({
    maxAgeMs: 10_000,
    scope: "VIEWER",
    tags: ["organization"],
  });
  expect(policyOf("{ chosen { title } }")).toEqual({ maxAgeMs: 20_000, scope: "PUBLIC", tags: ["books"] });
  expect(policyOf("{ keptShelf { name books { title } } keptCount }")).toMatchObject({
    maxAgeMs: 5_000,
    scope: "ORGANIZATION",
  });
});

test("of an entity without a hint no more than its name is kept", () => {
  expect(policyOf("{ book(isbn: 1) { secret { __typename id } } }")).toMatchObject({ scope: "PUBLIC" });
  expect(policyOf("{ book(isbn: 1) { author { books { secret { id } } } } }")).toMatchObject({ scope: "ORGANIZATION" });
});

test("what a part of carries no hint is not kept", () => {
  for (const text of [
    "{ shelf { name } }",
    "{ book(isbn: 1) { title } shelf { name } }",
    "{ count }",
    "{ never { title } }",
    "{ secret { id } }",
    "{ book(isbn: 1) { secret { id note } } }",
    "{ book(isbn: 1) { secret { ... on Secret { id } } } }",
    "{ node { id } }",
    "{ rare { title } }",
    "{ __schema { queryType { name } } book(isbn: 1) { title } }",
    "mutation { borrow { id } }",
    "{ unknown }",
    "{ book(isbn: 1) { ...Missing } }",
    "{ book(isbn: 1) { title { length } } }",
    "{ __typename }",
  ]) {
    expect(policyOf(text), text).toBeUndefined();
  }
});

test("an abstract type is worth the least of the types it may be; its own hint vouches for those that have none", () => {
  expect(policyOf("{ anything { __typename } }")).toMatchObject({ maxAgeMs: 10_000, scope: "VIEWER" });
  expect(policyOf("{ keepable { id } }")).toMatchObject({ maxAgeMs: 9_000, scope: "VIEWER" });
});

test("conditions change nothing: what may be selected counts", () => {
  const text = "query($yes: Boolean!) { book(isbn: 1) { title ...on Book @include(if: $yes) { stock } } }";
  expect(policyOf(text)).toMatchObject({ maxAgeMs: 2_000 });
});

test("of several operations the named one counts; without a name none does", () => {
  const text = "query A { book(isbn: 1) { title } } query B { shelf { name } }";
  expect(policyOf(text, "A")).toBeDefined();
  expect(policyOf(text, "B")).toBeUndefined();
  expect(policyOf(text)).toBeUndefined();
  expect(policyOf(text, "C")).toBeUndefined();
});

test("fragments that hold each other, or double at each level, are read once", () => {
  expect(
    policyOf("{ book(isbn: 1) { ...A } } fragment A on Book { ...B } fragment B on Book { ...A title }"),
  ).toBeDefined();
  const levels = Array.from(
    { length: 60 },
    (_, level) =>
      `fragment F${level} on Book { a: author { books { ...F${level + 1} } } b: author { books { ...F${level + 1} } } }`,
  );
  expect(policyOf(`{ book(isbn: 1) { ...F0 } } ${levels.join(" ")} fragment F60 on Book { title }`)).toBeDefined();
});
