// Objects whose type no subgraph tells, or tells by a name that cannot stand there: null, with one error at the place,
// never members that are wrong or missing.
import { describe, expect, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../../../gateway/transport/json-object.ts";
import type { SubgraphAnswer } from "../../../../gateway/transport/subgraph-client.ts";
import { servedGraph } from "./served-graph.ts";

const SDL = `type Query { pet: Pet pets: [Pet] must: [Pet!] named: Named cat: Cat holder: Holder }
  union Pet = Cat | Dog
  interface Named { name: String }
  type Cat implements Named { name: String lives: Int }
  type Dog implements Named { name: String tricks: [String!] }
  type Fish { name: String }
  type Holder { pet: Pet! named: [Named] }
  extend type Query { fish: Fish }`;

const answer = (data: SubgraphAnswer["data"], errors: SubgraphAnswer["errors"] = []): SubgraphAnswer => {
  return { data, errors, shared: false };
};

/** A subgraph that answers whatever it is asked with this data. */
const answering = (data: JsonObject) => servedGraph({ zoo: { sdl: SDL, answer: () => answer(data) } });

const CAT = { __typename: "Cat", name: "Tom", lives: 9 };
const NOBODY = (type: string) => `No subgraph says of which type this ${type} is.`;
const WRONG = "Invalid __typename found for an object.";

describe("an object of a union or an interface", () => {
  test.each([
    ["no name", {}, NOBODY("Pet")],
    ["null for a name", { __typename: null }, NOBODY("Pet")],
    ["a number for a name", { __typename: 1 }, NOBODY("Pet")],
    ["a name that the schema does not know", { __typename: "Robot" }, WRONG],
    ["a type that is none of the union's", { __typename: "Fish" }, WRONG],
    ["the union's own name", { __typename: "Pet" }, WRONG],
    ["an interface's name", { __typename: "Named" }, WRONG],
    ["a scalar's name", { __typename: "String" }, WRONG],
  ])("is null when it comes with %s", async (_what, type, message) => {
    const graph = answering({ pet: { ...CAT, __typename: undefined, ...type } });
    const query = "{ pet { ... on Cat { name lives } ... on Dog { name tricks } } }";
    expect(await graph.run(query)).toEqual({ data: { pet: null }, errors: [`${message} at pet`] });
    expect((await graph.run("{ p: pet { ... on Cat { lives } } }")).data).toEqual({ p: null });
  });

  test("is null also where nothing is selected that depends on its type", async () => {
    const graph = answering({ named: { name: "Tom" } });
    expect(await graph.run("{ named { name } }")).toEqual({
      data: { named: null },
      errors: [`${NOBODY("Named")} at named`],
    });
  });

  test("costs its own place of a list, or the list where it may not be null", async () => {
    const pets = [CAT, { name: "?" }, { ...CAT, __typename: "Robot" }, null];
    const selection = "{ ... on Cat { lives } }";
    expect(await answering({ pets }).run(`{ pets ${selection} }`)).toEqual({
      data: { pets: [{ lives: 9 }, null, null, null] },
      errors: [`${NOBODY("Pet")} at pets.1`, `${WRONG} at pets.2`],
    });
    expect(await answering({ must: [CAT, { name: "?" }, { name: "?" }] }).run(`{ must ${selection} }`)).toEqual({
      data: { must: null },
      errors: [`${NOBODY("Pet")} at must.1`],
    });
    const holder = { pet: { name: "?" }, named: [{ name: "?" }] };
    expect(await answering({ holder }).run("{ holder { named { name } pet { ... on Cat { lives } } } }")).toEqual({
      data: { holder: null },
      errors: [`${NOBODY("Pet")} at holder.pet`],
    });
  });

  test("is what it is asked for wherever its name is right", async () => {
    expect(
      await answering({ pet: CAT, named: CAT }).run("{ pet { ... on Named { name } } named { __typename } }"),
    ).toEqual({
      data: { pet: { name: "Tom" }, named: { __typename: "Cat" } },
      errors: [],
    });
  });
});

describe("an object of one type", () => {
  test.each([
    ["another type's name", "Dog"],
    ["a name that the schema does not know", "Robot"],
  ])("is null when it comes with %s", async (_what, name) => {
    const graph = answering({ cat: { ...CAT, __typename: name } });
    expect(await graph.run("{ cat { name } }")).toEqual({ data: { cat: null }, errors: [`${WRONG} at cat`] });
  });

  test("needs no name", async () => {
    expect(await answering({ cat: { name: "Tom" } }).run("{ cat { __typename name } }")).toEqual({
      data: { cat: { __typename: "Cat", name: "Tom" } },
      errors: [],
    });
  });
});

test("a subgraph that declares one type where the schema has an interface is asked for its name", async () => {
  const graph = servedGraph({
    one: {
      sdl: `type Query { media: Film @shareable } interface Media { title: String }
        type Film implements Media @shareable { title: String minutes: Int }`,
      resolvers: { Query: { media: () => ({ title: "T", minutes: 90 }) } },
    },
    two: {
      sdl: `type Query { media: Media @shareable } interface Media { title: String }
        type Film implements Media @shareable { title: String minutes: Int }`,
      resolvers: { Query: { media: () => ({ __typename: "Film", title: "T", minutes: 90 }) } },
    },
  });
  expect(await graph.run("{ media { title ... on Film { minutes } } }")).toEqual({
    data: { media: { title: "T", minutes: 90 } },
    errors: [],
  });
});

describe("an interface that a subgraph knows as an object", () => {
  const graph = (library?: (variables: JsonObject) => SubgraphAnswer) =>
    servedGraph({
      library: {
        sdl: `type Query { media: [Media!] } interface Media @key(fields: "id") { id: ID! title: String }
          type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int }
          type Film implements Media @key(fields: "id") { id: ID! title: String minutes: Int }`,
        ...(library === undefined ? {} : { answer: (_query: string, variables: JsonObject) => library(variables) }),
      },
      ratings: {
        sdl: `type Query { best: [Media] } type Media @key(fields: "id") @interfaceObject { id: ID! stars: Int }`,
        resolvers: {
          Query: { best: () => [{ id: "1" }, { id: "2" }] },
          Media: { stars: () => 5 },
        },
      },
    });
  const entities = ({ representations }: JsonObject, type: (id: unknown) => JsonObject | null) =>
    answer({
      _entities: Array.isArray(representations)
        ? representations.map((each) => (isJsonObject(each) ? type(each["id"]) : null))
        : [],
    });

  test("says nothing of the type where nothing depends on it", async () => {
    const { data, errors } = await graph().run("{ best { id stars } }");
    expect({ data, errors }).toEqual({
      data: { best: [1, 2].map((id) => ({ id: String(id), stars: 5 })) },
      errors: [],
    });
  });

  test("is null with the reason where who knows the type is away", async () => {
    const away = graph(() => answer(null, [{ message: "away" }]));
    expect(await away.run("{ best { stars ... on Book { pages } } }")).toEqual({
      data: { best: [null, null] },
      errors: ["away at best.0", "away at best.1"],
    });
  });

  test("is null with an error where the type that is told is none", async () => {
    const mixed = graph((variables) =>
      entities(variables, (id) => (id === "1" ? { __typename: "Book", pages: 3 } : { __typename: "Robot" })),
    );
    expect(await mixed.run("{ best { stars ... on Book { pages } } }")).toEqual({
      data: { best: [{ stars: 5, pages: 3 }, null] },
      errors: [`${WRONG} at best.1`],
    });
  });

  test("is null without an error where there is no such entity", async () => {
    const gone = graph((variables) => entities(variables, (id) => (id === "1" ? { __typename: "Film" } : null)));
    expect(await gone.run("{ best { stars ... on Book { pages } } }")).toEqual({
      data: { best: [{ stars: 5 }, null] },
      errors: [],
    });
  });
});
