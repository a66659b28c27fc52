import { parse, print } from "graphql";
import { expect, test } from "vitest";
import { conditionVariables, withoutConditions } from "../../../../gateway/engine/conditions.ts";

const lines = (text: string) => print(parse(text));
const under = (text: string, ...held: string[]) => print(withoutConditions(parse(text), (name) => held.includes(name)));

test("what is skipped is planned for nobody, and what is included as if it had no condition", () => {
  const text =
    "query ($a: Boolean!, $b: Boolean!) { x @skip(if: $a) y @include(if: $b) z @skip(if: $a) @include(if: $b) { w } ...F @include(if: $a) ... @skip(if: $b) { v } } fragment F on T { u @live }";
  const rest = "fragment F on T { u @live }";
  expect(under(text, "b")).toBe(lines(`query ($a: Boolean!, $b: Boolean!) { x y z { w } } ${rest}`));
  expect(under(text, "a")).toBe(lines(`query ($a: Boolean!, $b: Boolean!) { ...F ... { v } } ${rest}`));
});

test("conditions that are written out count as those of variables do", () => {
  expect(under("{ a @skip(if: true) b @skip(if: false) c @include(if: true) d @include(if: false) }")).toBe(
    lines("{ b c }"),
  );
});

test("what nothing is selected of any more is still asked for", () => {
  expect(under("{ a { b @skip(if: $v) } ...F } fragment F on T { c @skip(if: $v) }", "v")).toBe(
    lines("{ a { __typename } ...F } fragment F on T { __typename }"),
  );
  expect(under("mutation { a @include(if: $v) }")).toBe(lines("mutation { __typename }"));
});

test("variables of conditions are found wherever they stand, each once", () => {
  expect(
    conditionVariables(
      parse("{ a @skip(if: $z) b(x: $no) @other(if: $no) ...F } fragment F on T { c @include(if: $b) @skip(if: $z) }"),
    ),
  ).toEqual(["b", "z"]);
});
