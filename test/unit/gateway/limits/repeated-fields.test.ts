import { GraphQLError } from "graphql";
import { expect, test } from "vitest";
import { createDocumentGuard } from "../../../../gateway/limits/document-limits.ts";

const guard = createDocumentGuard({ maxTokens: 1_000, maxDepth: 15, maxAliases: 30, maxRootFields: 20 });

function codeOf(query: string): unknown {
  try {
    guard.parse(query);
  } catch (error) {
    return error instanceof GraphQLError ? error.extensions["code"] : error;
  }
  return undefined;
}

const times = (count: number, write: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => write(at)).join(" ");

test.each([
  ["equal leaves", 200, (count: number) => `{ a { ${times(count, () => "id")} } }`],
  ["equal fields with selections", 44, (count: number) => `{ a { ${times(count, () => "b { id }")} } }`],
  [
    "equal fields that nobody uses",
    44,
    (count: number) => `{ a } fragment F on T { ${times(count, () => "b { id }")} }`,
  ],
  ["fragments that do not exist", 45, (count: number) => `{ a { ${times(count, (at) => `...F${at}`)} } }`],
])("%s are let through to validation up to %d at one place, and no further [GW-03]", (_what, limit, document) => {
  expect(codeOf(document(limit))).toBeUndefined();
  expect(codeOf(document(limit + 1))).toBe("MAX_REPEATED_FIELDS_LIMIT");
});
