import { GraphQLError, parse } from "graphql";
import { expect, test } from "vitest";
import { refuseUnsupportedDirectives } from "../../../../gateway/limits/unsupported-directives.ts";

function refusalOf(query: string): GraphQLError | undefined {
  try {
    refuseUnsupportedDirectives(parse(query));
    return undefined;
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

test.each([
  ["a spread", "{ a { ...More @defer } } fragment More on A { b }", "@defer on the spread ...More, line 1"],
  ["an inline fragment", "{ a {\n ... on A @defer(label: $l) { b } } }", "@defer on an inline fragment on A, line 2"],
  [
    "an inline fragment without a type",
    "{ a { ... @defer(if: false) { b } } }",
    "@defer on an inline fragment, line 1",
  ],
  ["a field", "{ a { bs @stream(initialCount: 1) { c } } }", "@stream on the field bs, line 1"],
  [
    "a field deep in a fragment",
    "query Q { ...F }\nfragment F on Q { a { ... { bs @include(if: true) @stream } } }",
    "@stream on the field bs in the fragment F, line 2",
  ],
  ["a subscription", "subscription Live @defer { a }", "@defer on the subscription Live, line 1"],
  ["a fragment definition", "{ ...F } fragment F on Q @stream { a }", "@stream on the fragment F, line 1"],
  [
    "an operation that does not run",
    "query A { a } query B { ... @defer { a } }",
    "@defer on an inline fragment, line 1",
  ],
])("a directive on %s is refused, named with its place", (_, query, place) => {
  const refusal = refusalOf(query);
  expect(refusal?.message).toContain(`${place} is not supported`);
  expect(refusal?.extensions["code"]).toBe("DIRECTIVE_UNSUPPORTED");
  expect(refusal?.locations).toHaveLength(1);
});

test("fields, arguments and aliases of these names are nobody's business", () => {
  expect(refusalOf("{ defer: a stream(defer: true) @skip(if: $stream) { ...defer } } fragment defer on A { b }")).toBe(
    undefined,
  );
});
