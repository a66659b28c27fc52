import { parse, print } from "graphql";
import { expect, test } from "vitest";
import type { EventSources } from "../../../../../gateway/cache/event-sources.ts";
import { tagsOfAnswer } from "../../../../../gateway/cache/response/answer-tags.ts";
import type { Identity } from "../../../../../platform/auth/identity.ts";
import { userWith } from "../../../../support/identities.ts";
import { composed, generationOf, LIBRARY } from "./graph.ts";
import { canonical, readerOf } from "./reader-of.ts";

const generation = generationOf(LIBRARY);
const SOURCES: EventSources = new Map([["one", { remembers: false }]]);

/** Of the ids of an answer, and whether it is open: by events of the only subgraph. */
function found(text: string, data: Record<string, unknown>) {
  const { ids, open } = readerOf(generation, text, SOURCES).read(data);
  for (const sources of [...ids.values(), open]) for (const source of sources) expect(source).toBe("one");
  return { ids: new Set(ids.keys()), open: open.size > 0 };
}

/** What is fetched for the text, with the keys of entities. */
function fetched(text: string): string {
  const document = canonical(generation, parse(text)).document(readerOf(generation, text).selectAlso);
  return print(document).replace(/\s+/g, " ");
}

test("what is fetched holds the key of every entity beside what the client selects", () => {
  expect(fetched("{ book(isbn: 1) { title price { minor } author { name } } }")).toBe(
    "{ book(isbn: 1) { title price { minor } author { name id } isbn } }",
  );
  expect(fetched("{ anything { __typename } keepable { __typename } }")).toBe(
    "{ anything { __typename ... on Book { isbn } ... on Loan { id } } keepable { __typename id } }",
  );
});

test("a client that gives a key's name to another field has the entity found all the same", () => {
  const text = "{ book(isbn: 1) { isbn: title } }";
  expect(fetched(text)).toBe("{ book(isbn: 1) { title isbn } }");
  expect(found(text, { book: { title: "Emma", isbn: "1" } }).ids).toEqual(new Set(["1"]));
});

test("every entity is found, wherever it stands, once or often", () => {
  const text = "{ book(isbn: 1) { author { name books { title } } } }";
  const book = { isbn: "1", author: {} };
  book.author = { id: 7, books: [book, { isbn: "2" }] };
  expect(found(text, { book })).toEqual({ ids: new Set(["1", "7", "2"]), open: true });
});

test("an entity alone changes by its own events only", () => {
  const data = { book: { title: "Emma", price: { minor: 1 }, isbn: "1" } };
  expect(found("{ book(isbn: 1) { title price { minor } } }", data)).toEqual({ ids: new Set(["1"]), open: false });
});

test("lists, connections, what is not there and what has no key may change by events that name nothing in them", () => {
  const open = (text: string, data: Record<string, unknown>) => found(text, data).open;
  const isbn = "1";
  expect(open("{ books { title } }", { books: [] })).toBe(true);
  expect(open("{ book(isbn: 1) { title } }", { book: null })).toBe(true);
  expect(open("{ book(isbn: 1) { author { name } } }", { book: { isbn, author: null } })).toBe(true);
  expect(open("{ book(isbn: 1) { loans { total } } }", { book: { isbn, loans: { total: 1 } } })).toBe(true);
  expect(open("{ book(isbn: 1) { title } }", { book: { title: "Emma" } })).toBe(true);
  expect(open("{ keptShelf { name } }", { keptShelf: { name: "A" } })).toBe(true);
  expect(open("{ keptCount }", { keptCount: 1 })).toBe(true);
});

test("a list whose hint names its tags does not wait for other events", () => {
  const text = "{ chosen { title } }";
  expect(found(text, { chosen: [{ isbn: "1" }] })).toEqual({ ids: new Set(["1"]), open: false });
  expect(found(text, { chosen: [] }).open).toBe(false);
});

test("what a hint's tags say of a connection they say of its edges, and of nothing in the entities there", () => {
  const text = "{ chosenBooks { nodes { title author { name } } } }";
  const book = { isbn: "1", author: { id: "a1" } };
  expect(found(text, { chosenBooks: { nodes: [book] } })).toEqual({ ids: new Set(["1", "a1"]), open: false });
  expect(found(text, { chosenBooks: { nodes: [{ ...book, author: null }] } }).open).toBe(true);
});

test("what a hint says goes by every event of an organisation is open, be it there or not", () => {
  const loan = { id: "l1" };
  expect(found("{ loan { id } }", { loan })).toEqual({ ids: new Set(["l1"]), open: true });
});

const TWO = composed({
  shop: `type Query { product(id: ID!): Product }
    type Product @key(fields: "id") @cacheControl(maxAge: 60, scope: ORGANIZATION) {
      id: ID! name: String! size: Size! weight: Int parts: [Product!]! }
    type Size { width: Int! }`,
  stock: `type Product @key(fields: "id") { id: ID! weight: Int @external count: Int! place: Place
      shelves: [Place!]! @cacheControl(maxAge: 60, scope: ORGANIZATION, tags: ["organization"])
      cost: Int @requires(fields: "weight") }
    type Place @key(fields: "id") @cacheControl(maxAge: 60, scope: ORGANIZATION) { id: ID! name: String! }`,
});

test("every id and every list goes by the events of those subgraphs that answered for it", () => {
  const both: EventSources = new Map(["shop", "stock"].map((name) => [name, { remembers: false }]));
  const plain = (data: object, text: string, sources = both) => {
    const { ids, open, sources: all } = readerOf(TWO, text, sources).read({ ...data });
    return {
      ids: Object.fromEntries([...ids].map(([id, its]) => [id, [...its].sort()])),
      open: [...open].sort(),
      all: [...all].sort(),
    };
  };
  const product = { id: "p1" };
  const place = { id: "s1" };
  const one = (selection: string) => `{ product(id: 1) { ${selection} } }`;
  expect(plain({ product }, one("id name size { width }"))).toEqual({ ids: { p1: ["shop"] }, open: [], all: ["shop"] });
  expect(plain({ product: { ...product, parts: [] } }, one("parts { count }"))).toEqual({
    ids: { p1: ["shop"] },
    open: ["shop"],
    all: ["shop", "stock"],
  });
  // The shop says that it is there.
  expect(plain({ product }, one("count")).ids).toEqual({ p1: ["shop", "stock"] });
  expect(plain({ product: { ...product, place } }, one("name place { name }"))).toEqual({
    ids: { p1: ["shop", "stock"], s1: ["stock"] },
    open: [],
    all: ["shop", "stock"],
  });
  expect(plain({ product: { ...product, shelves: [place] } }, one("shelves { name }")).open).toEqual(["stock"]);
  // It may be missing for what is missing below it.
  expect(plain({ product: null }, one("name count")).open).toEqual(["shop", "stock"]);
  expect(plain({ product }, one("cost")).ids).toEqual({ p1: ["*", "shop"] });
  expect(plain({ product }, one("name count"), new Map([["shop", { remembers: true }]])).ids).toEqual({
    p1: ["*", "shop"],
  });
});

test("members of unions and interfaces are found by their own keys", () => {
  const data = {
    anything: { __typename: "Book", isbn: "1" },
    keepable: { __typename: "Loan", id: "l1" },
  };
  const { ids } = found("{ anything { ... on Book { title } } keepable { id } }", data);
  expect(ids).toEqual(new Set(["1", "l1"]));
});

const user = userWith({ userId: "u1", sessionId: "s1", grants: { o1: [] } });
const nobody = userWith({ userId: "u2", sessionId: "s2" });
const anonymous: Identity = { kind: "ANONYMOUS" };

test("an answer goes by its entities; an open one also by what happens around whom it was made for", () => {
  const policy = { scope: "VIEWER", tags: [] } as const;
  const one = new Set(["one"]);
  const contents = { ids: new Map([["1", one]]), open: new Set<string>(), sources: one };
  const open = { ...contents, open: new Set(["*"]) };
  const tags = (...args: Parameters<typeof tagsOfAnswer>) => [...tagsOfAnswer(...args)].sort();
  const entity = ["entity:1", "entity:1:one"];
  const organization = ["organization:o1", "organization:o1:*"];
  expect(tags(policy, contents, { identity: user })).toEqual([...entity, "user:u1", "user:u1:one"]);
  expect(tags(policy, open, { identity: user })).toEqual([...entity, ...organization, "user:u1", "user:u1:one"]);
  expect(tags({ ...policy, scope: "ORGANIZATION" }, open, { identity: user })).toEqual([...entity, ...organization]);
  expect(tags({ ...policy, scope: "ORGANIZATION" }, open, { identity: nobody })).toEqual([
    ...entity,
    "user:u2",
    "user:u2:one",
  ]);
  expect(tags({ ...policy, scope: "PUBLIC" }, contents, { identity: user })).toEqual(entity);
  for (const identity of [user, anonymous]) {
    expect(tags({ ...policy, scope: "PUBLIC" }, open, { identity })).toEqual([...entity, "event"]);
  }
  expect(tags(policy, open, { identity: anonymous })).toEqual([...entity, "event"]);
  // What a hint's `organization` stands for is known by the parts that are open.
  expect(tags({ ...policy, tags: ["organization", "prices"] }, contents, { identity: user })).toEqual([
    ...entity,
    "prices",
    "user:u1",
    "user:u1:one",
  ]);
});
