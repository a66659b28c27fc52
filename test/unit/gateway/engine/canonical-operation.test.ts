import { composeServices } from "@apollo/composition";
import { getOperationAST, parse, print, stripIgnoredCharacters } from "graphql";
import { expect, test } from "vitest";
import { buildGeneration } from "../../../../gateway/composition/schema-generation.ts";
import { canonicalOperation } from "../../../../gateway/engine/canonical/canonical-operation.ts";
import { fieldNamesOf } from "../../../../gateway/engine/canonical/field-names.ts";
import { nameVariables } from "../../../../gateway/engine/canonical/variable-names.ts";

const HEAD = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@external", "@requires", "@inaccessible"])
  directive @shout(how: String) on FIELD`;
const { supergraphSdl = "", errors } = composeServices(
  Object.entries({
    one: `type Query { a(x: Int, y: [In]): A b: B n(id: ID!): N u: U }
      type Mutation { add(n: Int!): Int reset: Int }
      input In { x: Int in: [In!] }
      interface N { id: ID! f: String g: String }
      union U = A | B
      type A implements N @key(fields: "id") { id: ID! f(x: Int, y: Int): String g: String wanted(x: Int): Int hidden(x: Int @inaccessible): Int f_0123456789ab: Int }
      type B implements N @key(fields: "id") { id: ID! f: String g: String }`,
    two: `type A @key(fields: "id") { id: ID! wanted(x: Int): Int @external made: Int @requires(fields: "wanted(x: 1)") }`,
  }).map(([name, sdl]) => ({ name, url: `http://${name}`, typeDefs: parse(`${HEAD} ${sdl}`) })),
);
if (supergraphSdl === "") throw new Error(errors?.map(({ message }) => message).join("\n"));
const generation = buildGeneration(supergraphSdl);

function canonical(text: string): string {
  const document = parse(text);
  const operation = getOperationAST(document);
  if (operation == null) throw new Error("no operation");
  return stripIgnoredCharacters(print(canonicalOperation(generation, document, operation).document()));
}

test("aliases are gone, and what is asked about the schema or of fragments that nothing reaches", () => {
  expect(
    canonical(
      '{ x: b { id: g __typename: f t: __typename } __schema { types { name } } ...F } fragment F on Query { y: __type(name: "A") { name } } fragment G on A { id }',
    ),
  ).toMatch(/^\{b\{g f __typename\}\.\.\.F_[0-9a-f]{12}\}fragment F_[0-9a-f]{12} on Query\{__typename\}$/);
});

test("a field that takes arguments has its own name where it is asked for in one way only", () => {
  expect(canonical("{ p: a(x: 1) { q: f(y: 2, x: 1) } r: a(x: 1) { f(x: 1, y: 2) } }")).toBe(
    "{a(x:1){f(x:1 y:2)}a(x:1){f(x:1 y:2)}}",
  );
});

test("ways to ask for a field are told apart by what the arguments are, not by their order or by aliases", () => {
  const [first = "", second = "", ...others] =
    canonical("{ a { f x: f(x: 1, y: null) z: f(y: null, x: 1) } }").match(/f_+[0-9a-f]{12}/g) ?? [];
  expect(others).toEqual([second]);
  expect(first).not.toBe(second);
  expect(canonical("{ a { k: f(x: 1, y: null) l: f } }")).toBe(`{a{${second}:f(x:1 y:null)${first}:f}}`);
});

test("no name is that of a field of the schema", () => {
  const { nameOf } = fieldNamesOf(generation);
  expect(nameOf("f", "anything")).toMatch(/^f__[0-9a-f]{12}$/);
});

test("what an interface declares without arguments is named as the member that has some, for all members alike", () => {
  expect(canonical("{ n(id: 1) { f ... on A { y: f(x: 2) } ... on B { z: f g } } }")).toMatch(
    /^\{n\(id:1\)\{(f__\w{12}):f \.\.\.on A\{f__\w{12}:f\(x:2\)\}\.\.\.on B\{\1:f g\}__typename\}\}$/,
  );
});

test("what is required with arguments, or has some that clients cannot see, is apart from the field's own name", () => {
  expect(canonical("{ a { wanted made } }")).toMatch(/^\{a\{wanted__\w{12}:wanted made\}\}$/);
  expect(fieldNamesOf(generation).takesArguments("A", "hidden")).toBe(true);
});

test("a mutation under two names is called twice, under one name once", () => {
  expect(canonical("mutation { a: add(n: 1) b: add(n: 1) a: add(n: 1) reset r: reset }")).toMatch(
    /^mutation\{(add__\w{12}):add\(n:1\)(?!\1)add__\w{12}:add\(n:1\)\1:add\(n:1\)reset__\w{12}:reset reset__\w{12}:reset\}$/,
  );
  expect(canonical("mutation { x: add(n: 1) y: reset }")).toBe("mutation{add(n:1)reset}");
});

test("what carries a directive keeps to its response name", () => {
  const text = canonical(`{ b { x: g @shout(how: "a") y: g @shout(how: "b") g } }`);
  expect(text).toMatch(/^\{b\{(g__\w{12}):g@shout\(how:"a"\)(?!\1)g__\w{12}:g@shout\(how:"b"\)g\}\}$/);
});

test("fragments are named by what they select", () => {
  const one = canonical("{ a { ...X ...Y } } fragment X on A { k: g ...Y } fragment Y on A { id }");
  expect(canonical("{ z: a { ...G ...F } } fragment F on A { id } fragment G on A { g ...F }")).toBe(one);
});

test("variables are named by what they are given to, and are gone where nothing uses them", () => {
  expect(
    canonical("query Q($a: Int = 1, $b: [In], $c: Boolean!, $d: Int) { a(x: $a, y: $b) @include(if: $c) { id } }"),
  ).toBe("query Q($x:Int=1$y:[In]$if:Boolean!){a(x:$x y:$y)@include(if:$if){id}}");
  expect(canonical("query($p: Int, $q: Int) { a(y: [{ x: $p, in: [{ x: $q }] }]) { id } }")).toBe(
    "query($a_x:Int$a_x_2th:Int){a(y:[{x:$a_x in:[{x:$a_x_2th}]}]){id}}",
  );
});

test("no two variables get one name, and none a name of the gateway's own", () => {
  const use = (variable: string, place: string, holder = "f") => ({ variable, place, holder });
  const names = (...uses: Parameters<typeof nameVariables>[0]) => [...nameVariables(uses).values()];
  expect(names(use("a", "representations"), use("b", "x_1"), use("c", "x_1_2"))).toEqual([
    "representations_value",
    "x_1_value",
    "x_1_2_value",
  ]);
  expect(names(use("a", "x", "f"), use("b", "x", "f"), use("c", "f_x", "g"), use("a", "y"))).toEqual([
    "f_x",
    "f_x_2th",
    "f_x_3th",
  ]);
});
