// Whatever a client calls fields and variables, subgraphs are asked by names of the gateway's own, and nobody's names
// meet.
import { expect, test } from "vitest";
import { servedGraph } from "./served-graph.ts";

const parcels = () =>
  servedGraph({
    orders: {
      sdl: `type Query { parcel(id: ID!): Parcel parcels: [Parcel!]! }
        type Parcel @key(fields: "id") { id: ID! oldId: ID code: String note: String size: Size
          line(of: String, upper: Boolean): String }
        type Size @shareable { w: Int h: Int }`,
      resolvers: {
        Query: { parcel: (_: unknown, { id }: { id: string }) => ({ id }), parcels: () => [{ id: "1" }, { id: "2" }] },
        Parcel: {
          oldId: ({ id }: { id: string }) => `old-${id}`,
          code: ({ id }: { id: string }) => `c${id}`,
          note: () => "n",
          size: () => ({ w: 2, h: 3 }),
          line: (_: unknown, { of, upper }: { of?: string | null; upper?: boolean }) =>
            `${of}${upper === true ? "!" : ""}`,
        },
      },
    },
    transport: {
      sdl: `type Parcel @key(fields: "id") { id: ID! weight(in: String = "g"): String code: String @external
          label: String @requires(fields: "code") size: Size @external area: String @requires(fields: "size { w h }") }
        type Size @shareable { w: Int h: Int }`,
      resolvers: {
        Parcel: {
          weight: ({ id }: { id: string }, { in: unit }: { in: string }) => `${id}0${unit}`,
          label: ({ code }: { code: string }) => `label-${code}`,
          area: ({ size }: { size: { w: number; h: number } }) => `${size.w}x${size.h}`,
        },
      },
    },
  });

test.each([
  ["a key", "id: oldId", { id: "old-1" }],
  ["a key of what is fetched later", "id: oldId weight", { id: "old-1", weight: "10g" }],
  ["a requirement", "code: note label", { code: "n", label: "label-c1" }],
  ["a part of a requirement", "size { w: h } area", { size: { w: 3 }, area: "2x3" }],
  ["the type's name", "__typename: note weight", { __typename: "n", weight: "10g" }],
  ["another field", "weight: label label: weight", { weight: "label-c1", label: "10g" }],
  ["what the planner calls fields", "id__alias_0: note id", { id__alias_0: "n", id: "1" }],
  ["what a batch calls fields", "_entities: note _0: oldId weight", { _entities: "n", _0: "old-1", weight: "10g" }],
  [
    "what objects have by themselves",
    "constructor: note __proto__: oldId",
    JSON.parse('{"constructor":"n","__proto__":"old-1"}'),
  ],
])("a client that gives a field the name of %s gets both right", async (_what, selection, parcel) => {
  expect(await parcels().run(`{ parcel(id: "1") { ${selection} } }`)).toEqual({ data: { parcel }, errors: [] });
});

test("one field under several names is fetched once, and each name shows its own selection", async () => {
  const graph = parcels();
  const query = `{ a: parcel(id: "1") { x: code size { w } } b: parcel(id: "1") { y: code z: code size { h } } other: parcel(id: "2") { code } }`;
  expect((await graph.run(query)).data).toEqual({
    a: { x: "c1", size: { w: 2 } },
    b: { y: "c1", z: "c1", size: { h: 3 } },
    other: { code: "c2" },
  });
  const [only, ...others] = graph.sent;
  expect(others).toEqual([]);
  expect(only?.query.match(/code/g)).toHaveLength(2);
  expect(only?.query.match(/parcel\(/g)).toHaveLength(2);
});

test("a field with different arguments is several fields; the order of arguments and what stands for defaults decide nothing", async () => {
  const graph = parcels();
  const query = `query($of: String, $none: String) { parcel(id: "1") {
    line a: line(of: "x", upper: true) b: line(upper: true, of: "x") c: line(of: null) d: line(of: $of) e: line(of: $none) w: weight(in: "kg") weight } }`;
  expect((await graph.run(query, { of: "v" })).data).toEqual({
    parcel: { line: "undefined", a: "x!", b: "x!", c: "null", d: "v", e: "undefined", w: "10kg", weight: "10g" },
  });
  expect(graph.sent[0]?.query.match(/:line\b/g)).toHaveLength(5);
});

test("equal selections of clients that call everything otherwise are equal texts", async () => {
  const graph = parcels();
  await graph.run(
    `query($a: ID!, $b: String) { x: parcel(id: $a) { y: weight(in: $b) ...F } } fragment F on Parcel { c: label }`,
    { a: "1" },
  );
  const first = [...graph.sent];
  await graph.run(
    `query($i: ID!, $representations: String) { parcel(id: $i) { weight(in: $representations) ...G } } fragment G on Parcel { label }`,
    { i: "1" },
  );
  expect(graph.sent).toEqual(first);
});

test.each(["representations", "in", "id", "representations_0", "_1", "in_1_2"])(
  "a variable may be called $%s",
  async (name) => {
    const graph = parcels();
    const query = `query($${name}: String, $x: String) { parcels { a: weight(in: $${name}) b: weight(in: $x) label } }`;
    expect((await graph.run(query, { [name]: "lb", x: "oz" })).data).toEqual({
      parcels: [
        { a: "10lb", b: "10oz", label: "label-c1" },
        { a: "20lb", b: "20oz", label: "label-c2" },
      ],
    });
  },
);

test("fields of one name that types of one place declare otherwise stay what each type says", async () => {
  const graph = servedGraph({
    zoo: {
      sdl: `type Query { all: [Thing!]! named: [Named!]! }
        union Thing = Cat | Dog
        interface Named { name: String }
        type Cat implements Named @key(fields: "id") { id: ID! name: String owner: String legs: Int! }
        type Dog implements Named @key(fields: "id") { id: ID! name(loud: Boolean): String owner: [Dog!] legs: Int }`,
      resolvers: {
        Query: {
          all: () => [
            { __typename: "Cat", id: "1" },
            { __typename: "Dog", id: "2" },
          ],
          named: () => [
            { __typename: "Cat", id: "1" },
            { __typename: "Dog", id: "2" },
          ],
        },
        Cat: { name: () => "Tom", owner: () => "Ann", legs: () => 4 },
        Dog: {
          name: (_: unknown, { loud }: { loud?: boolean }) => (loud === true ? "REX" : "Rex"),
          owner: () => [{ __typename: "Dog", id: "3" }],
          legs: () => null,
        },
      },
    },
    vet: {
      sdl: `type Cat @key(fields: "id") { id: ID! weight: Int } type Dog @key(fields: "id") { id: ID! weight: Int }`,
      resolvers: { Cat: { weight: () => 4 }, Dog: { weight: () => 30 } },
    },
  });
  const all =
    "all { ... on Cat { o: owner l: legs weight } ... on Dog { p: owner { n: name(loud: true) weight } l2: legs name } }";
  expect((await graph.run(`{ ${all} named { name ... on Dog { loud: name(loud: true) } } }`)).data).toEqual({
    all: [
      { o: "Ann", l: 4, weight: 4 },
      { p: [{ n: "REX", weight: 30 }], l2: null, name: "Rex" },
    ],
    named: [{ name: "Tom" }, { name: "Rex", loud: "REX" }],
  });
});
