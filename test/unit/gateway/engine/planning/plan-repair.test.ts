// Plans of operations whose requirements Apollo's planner gets wrong.
import { describe, expect, test } from "vitest";
import { generationOf, plannedSteps } from "./planned-graph.ts";

describe("requirements with arguments", () => {
  const graph = generationOf({
    a: `type Query { item(id: ID!): Item }
      type Item @key(fields: "id") { id: ID! attrs(only: String = "all"): String weight: Int }`,
    b: `type Item @key(fields: "id") { id: ID! attrs(only: String = "all"): String @external weight: Int @external
      one: String @requires(fields: "attrs(only: \\"x\\")") uno: String @requires(fields: "attrs(only: \\"x\\")")
      two: String @requires(fields: "attrs(only: \\"y\\")") mass: Int @requires(fields: "weight") free: Int }`,
  });

  test("each requirement is fetched under a name of its own, and sent under the name that its subgraph knows", () => {
    expect(plannedSteps(graph, "{ item(id: 1) { one two } }")).toEqual([
      ['a {item(id:1){__typename id attrs#1:attrs(only:"x")attrs#2:attrs(only:"y")}}'],
      [
        "b at item sends Item{__typename id attrs#1} attrs#1 as attrs: {...on Item{one}}",
        "b at item sends Item{__typename id attrs#2} attrs#2 as attrs: {...on Item{two}}",
      ],
    ]);
  });

  test("fields that require the same go together, and those that require nothing wait for nothing", () => {
    const steps = plannedSteps(graph, "{ item(id: 1) { one two uno mass free } }");
    expect(steps).toHaveLength(2);
    expect(steps[1]?.map((line) => line.replace(/.*: /, "")).sort()).toEqual([
      "{...on Item{free}}",
      "{...on Item{mass}}",
      "{...on Item{one uno}}",
      "{...on Item{two}}",
    ]);
  });

  test("a requirement whose value can be had under its own name keeps it", () => {
    expect(plannedSteps(graph, "{ item(id: 1) { one } }")).toEqual([
      ['a {item(id:1){__typename id attrs(only:"x")}}'],
      ["b at item sends Item{__typename id attrs}: {...on Item{one}}"],
    ]);
  });
});

test("a chain of requirements is fetched link by link, through every subgraph that it passes", () => {
  const graph = generationOf({
    a: `type Query { ones: [E] }
      type E @key(fields: "id") { id: ID! mid: String @requires(fields: "base") base: String @external }`,
    b: `type E @key(fields: "id") { id: ID! base: String late: String @requires(fields: "mid") mid: String @external }`,
    c: `type E @key(fields: "id") { id: ID! end: String @requires(fields: "late mid") mid: String @external late: String @external }`,
  });
  expect(plannedSteps(graph, "{ ones { end } }")).toEqual([
    ["a {ones{__typename id}}"],
    ["b at ones.@ sends E{__typename id}: {...on E{base}}"],
    ["a at ones.@ sends E{__typename id base}: {...on E{mid}}"],
    ["b at ones.@ sends E{__typename id mid}: {...on E{late}}"],
    ["c at ones.@ sends E{__typename id late mid}: {...on E{end}}"],
  ]);
});

test("what a field with a requirement leads to is fetched after it, wherever it comes from", () => {
  const graph = generationOf({
    a: `type Query { ones: [E] } type E @key(fields: "id") { id: ID! mid: String @requires(fields: "base") base: String @external }`,
    b: `type E @key(fields: "id") { id: ID! base: String } type F @key(fields: "id") { id: ID! name: String }`,
    c: `type E @key(fields: "id") { id: ID! mid: String @external friend: F @requires(fields: "mid") }
      type F @key(fields: "id") { id: ID! label: String @requires(fields: "name") name: String @external }`,
  });
  expect(plannedSteps(graph, "{ ones { friend { label } } }").slice(-3)).toEqual([
    ["c at ones.@ sends E{__typename id mid}: {...on E{friend{__typename id}}}"],
    ["b at ones.@.friend sends F{__typename id}: {...on F{name}}"],
    ["c at ones.@.friend sends F{__typename id name}: {...on F{label}}"],
  ]);
});

test("an object is asked about again by a key that its subgraph resolves", () => {
  const graph = generationOf({
    a: `type Query { x: Int } type A @key(fields: "id") @key(fields: "p", resolvable: false) { id: ID! p: ID! name: String }`,
    b: `type Query { all: [A] }
      type A @key(fields: "p", resolvable: false) @key(fields: "id p") { id: ID! p: ID! name: String @external
        long: String @requires(fields: "name") }`,
  });
  expect(plannedSteps(graph, "{ all { long } }").at(-1)).toEqual([
    "b at all.@ sends A{__typename id p name}: {...on A{long}}",
  ]);
});

test("what no subgraph can be asked for is refused by its name", () => {
  const graph = generationOf({
    a: `type Query { a: Node } interface Node @key(fields: "id") { id: ID! }`,
    b: `type Query { b: Node } type Node @key(fields: "id", resolvable: false) @interfaceObject { id: ID! field: String }`,
  });
  expect(() => plannedSteps(graph, "{ a { field } }")).toThrow("Query.a is fetched from no subgraph");
});
