// Plans as Apollo's planner makes them: which of them would feed a field wrongly, and which are good. Should a new
// version of the planner mend one of its faults, the test of that fault fails here, and the repair can go.
import { operationFromDocument } from "@apollo/federation-internals";
import { parse } from "graphql";
import { describe, expect, test } from "vitest";
import { factsOf } from "../../../../../gateway/engine/planning/federation-facts.ts";
import { checkPlan } from "../../../../../gateway/engine/planning/plan-check.ts";
import { generationOf } from "./planned-graph.ts";

function graph(subgraphs: Readonly<Record<string, string>>) {
  const generation = generationOf(subgraphs);
  const facts = factsOf(generation);
  return {
    facts,
    faults(query: string): string[] {
      const operation = operationFromDocument(generation.planningSchema, parse(query));
      const { faults } = checkPlan(generation.queryPlanner().buildQueryPlan(operation), facts);
      return faults.map(({ field, reason }) => `${field} ${reason}`);
    },
  };
}

describe("requirements with arguments", () => {
  const { faults } = graph({
    a: `type Query { item(id: ID!): Item }
      type Item @key(fields: "id") { id: ID! attrs(only: String = "all"): String }`,
    b: `type Item @key(fields: "id") { id: ID! attrs(only: String = "all"): String @external
      one: String @requires(fields: "attrs(only: \\"x\\")") two: String @requires(fields: "attrs(only: \\"y\\")") }`,
  });

  test("one requirement alone is fed by the planner's plan", () => {
    expect(faults("{ item(id: 1) { one } }")).toEqual([]);
  });

  test("of two requirements with different arguments, one would be fed the other's value", () => {
    expect(faults("{ item(id: 1) { one two } }")).toEqual([
      'Item.one requires attrs(only: "x"), which b would not be sent',
    ]);
  });

  test("a client's field of the same name would feed a requirement", () => {
    expect(faults('{ item(id: 1) { attrs(only: "q") one } }')).toEqual([
      'Item.one requires attrs(only: "x"), which b would not be sent',
    ]);
  });
});

describe("chained requirements", () => {
  const { faults } = graph({
    a: `type Query { ones: [E] }
      type E @key(fields: "id") { id: ID! mid: String @requires(fields: "base") base: String @external }`,
    b: `type Query { twos: [E] }
      type E @key(fields: "id") { id: ID! base: String late: String @requires(fields: "mid") mid: String @external }`,
    c: `type E @key(fields: "id") { id: ID! end: String @requires(fields: "mid") mid: String @external }`,
  });

  test.each(["{ ones { mid } }", "{ twos { mid end } }"])("%s is planned well", (query) => {
    expect(faults(query)).toEqual([]);
  });

  test.each(["{ ones { end } }", "{ ones { late } }", "{ ones { mid end } }"])(
    "%s would ask for the middle field without what that requires, or use it before it is there",
    (query) => {
      const [fault] = faults(query);
      expect(fault).toMatch(
        /^E\.((mid requires base, which a|end requires mid, which c) would not be sent|base is asked of a, where it is external)$/,
      );
    },
  );
});

test("a subgraph that can tell the required fields by itself need not be sent them", () => {
  const { faults } = graph({
    a: `type Query { reviews: [Review] }
      type Review { author: User @provides(fields: "name") }
      type User @key(fields: "id") { id: ID! name: String @external badge: String @requires(fields: "name") }`,
    b: `type Query { users: [User] } type User @key(fields: "id") { id: ID! name: String @shareable }`,
  });
  expect(faults("{ reviews { author { badge } } users { badge } }")).toEqual([]);
});

test("what a requirement needs of objects below is compared field by field", () => {
  const { faults } = graph({
    a: `type Query { boxes: [Box] }
      type Box @key(fields: "id") { id: ID! size: Size }
      type Size { length(unit: String = "m"): Int weight: Int }`,
    b: `type Box @key(fields: "id") { id: ID! size: Size @external
        feet: Int @requires(fields: "size { weight length(unit: \\"ft\\") }") miles: Int @requires(fields: "size { length(unit: \\"mi\\") }") }
      type Size @external { length(unit: String = "m"): Int weight: Int }`,
  });
  expect(faults("{ boxes { feet } }")).toEqual([]);
  expect(faults("{ boxes { feet miles } }")).toEqual([
    'Box.feet requires size { weight length(unit: "ft") }, which b would not be sent',
  ]);
});

test("a key that a subgraph declares but does not resolve is no key", () => {
  const { faults } = graph({
    a: `type Query { x: Int }
      type A @key(fields: "id") @key(fields: "p", resolvable: false) { id: ID! p: ID! name: String }`,
    b: `type Query { all: [A] }
      type A @key(fields: "p", resolvable: false) @key(fields: "id p") { id: ID! p: ID! name: String @external
        long: String @requires(fields: "name") }`,
  });
  expect(faults("{ all { long } }")).toEqual(["A is asked of b without a key that is resolved there"]);
});

test("graphs without requirements are not checked at all", () => {
  const { facts } = graph({
    a: `type Query { user: User } type User @key(fields: "id") { id: ID! name: String }`,
    b: `type User @key(fields: "id") { id: ID! age: Int }`,
  });
  expect(facts.mustCheck).toBe(false);
});

test("a field that a subgraph only knows from others is fetched from it, where requirements are in a chain", () => {
  const { faults } = graph({
    one: `type Gamma @key(fields: "id") { id: ID! f3: Boolean! @external f7: Boolean @external f9: String @external
      f4: String! @requires(fields: "f3") f6: Gamma @provides(fields: "f3") f10: ID @requires(fields: "f9 f7") }`,
    three: `type Gamma @key(fields: "id") { id: ID! f4: String! @external f7: Boolean @requires(fields: "f4") }`,
    four: `type Query { gamma: Gamma }
      type Gamma @key(fields: "id") { id: ID! f4: String! @external f7: Boolean @external f6: Gamma @external
      f3: Boolean! @shareable f9: String @requires(fields: "f4 f6 { f7 }") }`,
  });
  expect(faults("{ gamma { f10 } }")).toEqual(
    expect.arrayContaining([
      "Gamma.f4 is asked of four, where it is external",
      "Gamma.f6 is asked of four, where it is external",
    ]),
  );
  expect(faults("{ gamma { f9 } }")).toEqual([]);
});
