// Numbers on their way through the planner, which writes them anew: plans hold what was asked for.
import { expect, test } from "vitest";
import { generationOf, plannedSteps } from "./planned-graph.ts";

/** Requirements make the gateway check its plans. */
const graph = generationOf({
  a: `scalar Any input Range { from: Float to: [Float!] any: Any }
    type Query { item(share: Float, range: Range, any: Any): Item }
    type Item @key(fields: "id") { id: ID! size(unit: Any): Int }`,
  b: `scalar Any type Item @key(fields: "id") { id: ID! size(unit: Any): Int @external weight: Int @requires(fields: "size") }`,
});

/** What subgraphs get, without what the language leaves to taste. */
function sent(query: string): string {
  const [first = ""] = plannedSteps(graph, query)[0] ?? [];
  return first.replaceAll(/[\s,]/g, "");
}

test.each([
  ["share: 1e21", "share:1e+21"],
  ["share: 1000000000000000000000", "share:1e+21"],
  ["share: 0.50", "share:0.5"],
  ["range: {from: 1e21, to: [2.50]}", "range:{from:1e+21,to:[2.5]}"],
  ["range: {from: 9007199254740993, any: 9007199254740993}", "range:{from:9007199254740992,any:9007199254740993}"],
  ["any: 1e21", "any:1e21"],
  ["any: [1.0, {a: 1e400}]", "any:[1.0,{a:1e400}]"],
])("an operation with %s is planned, and its subgraph gets %s", (given, literal) => {
  const plain = sent("{ item { weight } }");
  expect(sent(`{ item(${given}) { weight } }`)).toBe(plain.replace("item{", `item(${literal}){`).replaceAll(",", ""));
});
