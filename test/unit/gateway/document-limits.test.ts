import { GraphQLError } from "graphql";
import { expect, test } from "vitest";
import { createDocumentGuard, type DocumentLimits } from "../../../gateway/limits/document-limits.ts";

const LIMITS: DocumentLimits = { maxTokens: 1_000, maxDepth: 4, maxAliases: 3, maxRootFields: 3 };

/** The code of the refusal, or `undefined` when the document is within the limits. */
function refusal(query: string, limits: Partial<DocumentLimits> = {}): unknown {
  try {
    createDocumentGuard({ ...LIMITS, ...limits }).parse(query);
    return undefined;
  } catch (error) {
    return error instanceof GraphQLError ? error.extensions["code"] : error;
  }
}

test("depth counts fields, not fragments around them [GW-03]", () => {
  expect(refusal("{ a { b { c { d } } } }")).toBeUndefined();
  expect(refusal("{ a { b { c { d { e } } } } }")).toBe("MAX_DEPTH_LIMIT");
  expect(refusal("{ ... on Q { a { ... { b { ... on X { c { d } } } } } } }")).toBeUndefined();
  expect(refusal("{ ...F } fragment F on Q { a { b { c { d { e } } } } }")).toBe("MAX_DEPTH_LIMIT");
});

test("a fragment counts where it is spread, also when it was measured higher up before [GW-03]", () => {
  expect(refusal("{ ...F x { y { ...F } } } fragment F on Q { a { b } }")).toBeUndefined();
  expect(refusal("{ ...F x { y { z { ...F } } } } fragment F on Q { a { b } }")).toBe("MAX_DEPTH_LIMIT");
});

test("introspection fields have no special depth [GW-03]", () => {
  expect(refusal("{ __schema { __type { __typename { __x { y } } } } }")).toBe("MAX_DEPTH_LIMIT");
});

test("aliases and root fields count at each spread", () => {
  expect(refusal("{ a: x b: x c: x }")).toBeUndefined();
  expect(refusal("{ x { a: y ...F ...F } } fragment F on X { b: y c: y }")).toBe("MAX_ALIASES_LIMIT");
  expect(refusal("{ ...F ...F } fragment F on Q { a b }")).toBe("MAX_ROOT_FIELDS_LIMIT");
});

test("every operation of a document is checked", () => {
  expect(refusal("query A { a } query B { a { b { c { d { e } } } } }")).toBe("MAX_DEPTH_LIMIT");
});

test("tokens beyond the limit are not parsed", () => {
  expect(refusal("{ a b }", { maxTokens: 4 })).toBeUndefined();
  expect(refusal("{ a b }", { maxTokens: 3 })).toBe("MAX_TOKENS_LIMIT");
  expect(refusal("{ a")).toBe("GRAPHQL_PARSE_FAILED");
});

test("repeated directives are refused", () => {
  expect(refusal("{ a @x @x @x @x @x }")).toBe("MAX_DIRECTIVES_LIMIT");
});

test("fragments that spread each other, in cycles or exponentially, cost no time", () => {
  const cycle = "{ ...A } fragment A on Q { a { ...B } } fragment B on Q { b { ...A } }";
  expect(refusal(cycle)).toBeUndefined();
  const doubling = Array.from({ length: 60 }, (_, n) => `fragment F${n} on Q { ...F${n + 1} ...F${n + 1} }`).join(" ");
  // Followed each time they are spread, they would be 2^60: it would never end.
  expect(refusal(`{ x { ...F0 } } ${doubling} fragment F60 on Q { a: b }`)).toBe("MAX_ALIASES_LIMIT");
});
