// Each null of an answer that somebody is to blame for has one error, at its path; no error leads to anything else, and
// none is lost.
import { GraphQLError } from "graphql";
import { describe, expect, test } from "vitest";
import { MAX_ERRORS } from "../../../../gateway/engine/response/answer-errors.ts";
import type { SubgraphAnswer } from "../../../../gateway/transport/subgraph-client.ts";
import { type ServedSubgraph, servedGraph } from "./served-graph.ts";

type Row = { readonly id: string };

const failing = (message: string) => () => {
  throw new GraphQLError(message);
};

/** `a` lists the entities, and holds what `b` requires; `b` fails for number 3; `c` requires what `b` has. */
function graph(more: { readonly b?: ServedSubgraph["answer"]; readonly ids?: readonly string[] } = {}) {
  const { b, ids = ["1", "2", "3"] } = more;
  return servedGraph({
    a: {
      sdl: `type Query { es: [E] e(id: ID!): E same: [E!] broken: [Part] fails: String holder: Holder }
        type E @key(fields: "id") { id: ID! plain: String part: Part }
        type Part @shareable { w: Int must: Int! }
        type Holder { name: String part: Part! list: [Part!] parts: [Part] }`,
      resolvers: {
        Query: {
          es: () => ids.map((id) => ({ id })),
          e: (_: unknown, { id }: Row) => ({ id }),
          same: () => ["3", "1", "3"].map((id) => ({ id })),
          broken: () => [{ must: 1 }, {}, null],
          fails: failing("fails"),
          holder: () => ({
            name: () => failing("no name")(),
            part: {},
            list: [{ must: 1 }, {}],
            parts: [{ must: 1 }, {}],
          }),
        },
        E: { plain: ({ id }: Row) => (id === "2" ? failing("no plain")() : "plain"), part: () => ({ w: 1 }) },
        Part: { must: ({ must }: { must?: number }) => must ?? failing("no must")() },
      },
    },
    b: {
      sdl: `type E @key(fields: "id") { id: ID! n: String m: String nothing: String strict: String! given: String }`,
      resolvers: {
        E: {
          __resolveReference: async (row: Row) => (row.id === "3" ? failing("gone 3")() : row),
          n: ({ id }: Row) => `n${id}`,
          m: ({ id }: Row) => (id === "1" ? failing("no m")() : `m${id}`),
          strict: ({ id }: Row) => (id === "2" ? failing("no strict")() : "s"),
          given: ({ id }: Row) => `given${id}`,
        },
      },
      ...(b === undefined ? {} : { answer: b }),
    },
    c: {
      sdl: `type E @key(fields: "id") { id: ID! given: String @external made: String @requires(fields: "given") again: String }`,
      resolvers: {
        E: {
          __resolveReference: (row: object) => row,
          made: ({ given }: { given: string }) => `made of ${given}`,
          again: () => "again",
        },
      },
    },
  });
}

const errorsOf = async (query: string, more?: Parameters<typeof graph>[0]) => (await graph(more).run(query)).errors;
const answered = (answer: Partial<SubgraphAnswer>) => () => ({ data: null, errors: [], shared: false, ...answer });
const down = answered({ errors: [{ message: "down", path: ["_entities", 0] }] });

describe("errors of entities", () => {
  test("lead to the fields that are null, under each of their names", async () => {
    expect(await errorsOf("{ es { n k: n id } }")).toEqual(["gone 3 at es.2.n", "gone 3 at es.2.k"]);
    expect(await errorsOf("{ es { m } }")).toEqual(["no m at es.0.m", "gone 3 at es.2.m"]);
    expect(await errorsOf("{ x: es { y: m } }")).toEqual(["no m at x.0.y", "gone 3 at x.2.y"]);
  });

  test("are told at every place of the entity, and of no other one", async () => {
    expect(await errorsOf("{ same { n } e(id: 3) { n } es { n } }")).toEqual([
      "gone 3 at same.0.n",
      "gone 3 at same.2.n",
      "gone 3 at e.n",
      "gone 3 at es.2.n",
    ]);
  });

  test("are none of nulls that are what a subgraph says", async () => {
    const { data, errors } = await graph().run("{ es { id nothing part { w } } }");
    expect(data).toEqual({
      es: ["1", "2", "3"].map((id) => ({ id, nothing: null, part: { w: 1 } })),
    });
    expect(errors).toEqual(["gone 3 at es.2.nothing"]);
  });

  test("reach the null that a field without one passes on by the path of that field", async () => {
    const { data, errors } = await graph().run("{ es { s: strict m } }");
    expect(data).toEqual({ es: [{ s: "s", m: null }, null, null] });
    expect(errors).toEqual(["no m at es.0.m", "no strict at es.1.s", "gone 3 at es.2.s"]);
  });
});

describe("a fetch that fails as a whole", () => {
  test.each([
    ["no data and one error for the first entity", down],
    ["no data and an error without a path", answered({ errors: [{ message: "down" }] })],
    ["a path that leads nowhere", answered({ errors: [{ message: "down", path: ["_entities"] }] })],
    [
      "nulls and an error without a path",
      answered({ data: { _entities: [null, null, null] }, errors: [{ message: "down" }] }),
    ],
  ])("with %s is told at each null, once", async (_how, b) => {
    expect(await errorsOf("{ es { n } }", { b })).toEqual(["down at es.0.n", "down at es.1.n", "down at es.2.n"]);
  });

  test("with entities of another number is told at each null", async () => {
    const [first, ...others] = await errorsOf("{ es { n } }", { b: answered({ data: { _entities: [null] } }) });
    expect(first).toMatch(/_entities.*3 elements at es\.0\.n$/);
    expect(others).toHaveLength(2);
  });

  test("explains what was not asked, since it requires what is missing", async () => {
    expect(await errorsOf("{ es { made } }", { b: down })).toEqual([
      "down at es.0.made",
      "down at es.1.made",
      "down at es.2.made",
    ]);
    expect(await errorsOf("{ es { made given again } }")).toEqual(["gone 3 at es.2.made", "gone 3 at es.2.given"]);
  });

  test("tells further errors that explain nothing once, without a path", async () => {
    const b = answered({ errors: [{ message: "down" }, { message: "and out" }] });
    expect(await errorsOf("{ e(id: 1) { n m } }", { b })).toEqual(["down at e.n", "down at e.m", "and out"]);
  });
});

describe("errors of root fields", () => {
  test("lead to their nulls under each of their names", async () => {
    expect(await errorsOf("{ fails f: fails es { plain p: plain } }")).toEqual([
      "fails at fails",
      "fails at f",
      "no plain at es.1.plain",
      "no plain at es.1.p",
    ]);
  });

  test("name the field that failed where its null was passed on, in lists, too", async () => {
    const { data, errors } = await graph().run("{ b: broken { x: must } broken { w must } }");
    expect(data).toEqual({ b: [{ x: 1 }, null, null], broken: [{ w: null, must: 1 }, null, null] });
    expect(errors).toEqual(["no must at b.1.x", "no must at broken.1.must"]);
  });

  test("are one where the null holds other nulls", async () => {
    const { data, errors } = await graph().run("{ holder { name list { must } parts { must } part { must } } }");
    expect(data).toEqual({ holder: null });
    expect(errors).toEqual(["no must at holder.part.must"]);
    expect(await errorsOf("{ holder { name list { m: must } parts { must } } }")).toEqual([
      "no name at holder.name",
      "no must at holder.list.1.m",
      "no must at holder.parts.1.must",
    ]);
  });
});

describe("errors beside data", () => {
  const b = answered({
    data: { _entities: [{ n: "n" }, { n: "n" }, { n: "n" }] },
    errors: [
      { message: "slow", path: ["_entities", 1, "n"] },
      { message: "old", path: ["_entities", 0] },
      { message: "loose" },
    ],
  });

  test("are told once, at the best place there is", async () => {
    expect(await errorsOf("{ es { k: n n } }", { b })).toEqual(["old at es.0", "slow at es.1.k", "loose"]);
  });

  test("are none of the answer where they are about what was fetched and not selected", async () => {
    const needed = answered({
      data: { _entities: [{ given: null }, { given: "g" }, { given: "g" }] },
      errors: [{ message: "no given", path: ["_entities", 0, "given"] }],
    });
    const { data, errors } = await graph({ b: needed }).run("{ es { made } }");
    expect(data).toEqual({ es: [{ made: "made of null" }, { made: "made of g" }, { made: "made of g" }] });
    expect(errors).toEqual([]);
  });
});

test("ten thousand entities that fail are told of up to a bound, and the last error says how many are left out", async () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => `x${index}`);
  const errors = await errorsOf("{ es { n } }", { ids, b: down });
  expect(errors).toHaveLength(MAX_ERRORS + 1);
  expect(errors[MAX_ERRORS - 1]).toBe(`down at es.${MAX_ERRORS - 1}.n`);
  expect(errors.at(-1)).toContain(String(10_000 - MAX_ERRORS));
});

describe("what a requirement needs of objects within its object", () => {
  const shelves = (prices: ServedSubgraph["answer"]) =>
    servedGraph({
      library: {
        sdl: `type Query { shelf: Shelf } type Shelf @key(fields: "id") { id: ID! books: [Book] }
          type Book @key(fields: "id") { id: ID! }`,
        resolvers: { Query: { shelf: () => ({ id: "s" }) }, Shelf: { books: () => [{ id: "1" }, { id: "2" }] } },
      },
      shop: {
        sdl: `type Book @key(fields: "id") { id: ID! price: Int }`,
        ...(prices === undefined ? {} : { answer: prices }),
      },
      office: {
        sdl: `type Shelf @key(fields: "id") { id: ID! books: [Book] @external worth: String @requires(fields: "books { price }") }
          type Book @key(fields: "id") { id: ID! price: Int @external }`,
        resolvers: { Shelf: { worth: ({ books }: { books: unknown }) => JSON.stringify(books) } },
      },
    });
  const query = "{ shelf { worth id } }";

  test("is missing where one of them failed: the field is not computed from the others", async () => {
    const lost = answered({
      data: { _entities: [{ price: 3 }, null] },
      errors: [{ message: "lost", path: ["_entities", 1] }],
    });
    const expected = { data: { shelf: { worth: null, id: "s" } }, errors: ["lost at shelf.worth"] };
    expect(await shelves(lost).run(query)).toEqual(expected);
  });

  test("is null where there is no such object", async () => {
    const { data, errors } = await shelves(answered({ data: { _entities: [{ price: 3 }, null] } })).run(query);
    expect({ data, errors }).toEqual({ data: { shelf: { worth: '[{"price":3},null]', id: "s" } }, errors: [] });
  });
});
