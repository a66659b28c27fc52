import { expect, test } from "vitest";
import { isRepeatable } from "../../../../gateway/transport/repeatable.ts";
import { subgraphOperation } from "../../../../gateway/transport/subgraph-client.ts";

function repeatable(text: string, variables: Record<string, unknown> = {}): boolean {
  const kind = text.startsWith("query") ? "query" : "mutation";
  return isRepeatable({ operation: subgraphOperation(text, undefined, kind), variables, representations: undefined });
}

test("queries may be sent again [S62]", () => {
  expect(repeatable("query { a }")).toBe(true);
});

test("a mutation may be sent again when each of its commands has a key [S62]", () => {
  expect(repeatable("mutation($i: I!) { pay(input: $i) { id } }", { i: { idempotencyKey: "k-1" } })).toBe(true);
  expect(repeatable('mutation { pay(input: {amount: 1, idempotencyKey: "k-1"}) { id } }')).toBe(true);
  expect(repeatable("mutation($k: String!) { pay(input: {idempotencyKey: $k}) { id } }", { k: "k-1" })).toBe(true);
  expect(repeatable("mutation($k: String!) { pay(idempotencyKey: $k) { id } }", { k: "k-1" })).toBe(true);
});

test("a mutation without a key, or with one for some of its commands, is sent once [S62]", () => {
  expect(repeatable("mutation { pay { id } }")).toBe(false);
  expect(repeatable("mutation($i: I!) { pay(input: $i) { id } }", { i: { amount: 1 } })).toBe(false);
  expect(repeatable("mutation($i: I!) { pay(input: $i) { id } }", { i: { idempotencyKey: null } })).toBe(false);
  expect(repeatable("mutation($i: I!) { pay(input: $i) { id } }", { i: { idempotencyKey: "" } })).toBe(false);
  expect(repeatable("mutation($i: I!) { pay(input: $i) { id } }")).toBe(false);
  expect(repeatable('mutation($i: I!) { a: pay(idempotencyKey: "k") { id } b: pay(input: $i) { id } }')).toBe(false);
  expect(repeatable("mutation { ...F } fragment F on Mutation { pay { id } }")).toBe(false);
  expect(repeatable("mutation($__proto__: I!) { pay(input: $__proto__) { id } }", {})).toBe(false);
});
