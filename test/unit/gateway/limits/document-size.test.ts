import { parse } from "graphql";
import { expect, test } from "vitest";
import { createDocumentGuard } from "../../../../gateway/limits/document-limits.ts";
import { tokensIn } from "../../../../gateway/limits/document-size.ts";

test("a document's tokens are those that its text was read as", () => {
  // Beginning, end and comments are tokens, too.
  expect(tokensIn(parse("{ a(b: 1) ...F } # c"))).toBe(2 + 10 + 1);
  expect(tokensIn(parse("{ a }", { noLocation: true }))).toBe(1);
});

test("documents are kept, and large ones make room for each other [GW-03]", () => {
  const guard = createDocumentGuard({ maxTokens: 1_000, maxDepth: 15, maxAliases: 30, maxRootFields: 20 });
  const large = (at: number) => `{ x${at} { ${Array.from({ length: 160 }, (_, n) => `f${n}(a: 1)`).join(" ")} } }`;
  const first = guard.parse("{ a }");
  expect(guard.parse("{ a }")).toBe(first);
  const seen = guard.parse(large(0));
  for (let at = 1; at <= 120; at += 1) guard.parse(large(at));
  expect(guard.parse(large(120))).toBe(guard.parse(large(120)));
  // `toBe` would compare the two trees, token by token.
  expect(guard.parse(large(0)) === seen).toBe(false);
});
