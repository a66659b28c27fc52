import { parse, print } from "graphql";
import { expect, test } from "vitest";
import { mergeSelections } from "../../../../gateway/engine/merged-selections.ts";

const merged = (text: string) => print(mergeSelections(parse(text)));
const lines = (text: string) => print(parse(text));

test("what is selected several times at one place is planned once", () => {
  expect(merged("{ a { b } a { c b { d } } x: a { b } ... { a { e } ... { f } } f }")).toBe(
    lines("{ a { b { d } c e } x: a { b } f }"),
  );
  expect(merged("{ ... on T { a } ... on U { a } ... on T { b a } ...F ...F } fragment F on T { a a }")).toBe(
    lines("{ ... on T { a b } ... on U { a } ...F } fragment F on T { a }"),
  );
});

test("what carries a directive stays where it stands", () => {
  const text = "{ a @x ... @x { a } ... on T @x { b } a @y ...F @x ...F }";
  expect(merged(text)).toBe(lines("{ a @x ... @x { a } ... on T @x { b } a @y ...F @x ...F }"));
});

test("arguments and aliases go with their field", () => {
  expect(merged("{ x: a(n: 1) { b } x: a(n: 1) { c } }")).toBe(lines("{ x: a(n: 1) { b c } }"));
});
