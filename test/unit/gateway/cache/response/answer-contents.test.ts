import { parse, print } from "graphql";
import { expect, test } from "vitest";
import { createContentsReader } from "../../../../../gateway/cache/response/answer-contents.ts";
import { tagsOfAnswer } from "../../../../../gateway/cache/response/answer-tags.ts";
import type { Identity } from "../../../../../platform/auth/identity.ts";
import { generationOf, LIBRARY } from "./graph.ts";

const generation = generationOf(LIBRARY);
const readerOf = (text: string) => createContentsReader(generation, parse(text), undefined);

test("what is planned selects the key of every entity beside what the client selects", () => {
  const { document } = readerOf("{ book(isbn: 1) { title price { minor } author { name } } }");
  expect(print(document).replace(/\s+/g, " ")).toBe(
    "{ book(isbn: 1) { title price { minor } author { name key_of_Author_id: id } key_of_Book_isbn: isbn } }",
  );
});

test("a client that calls fields like our keys gets its own", () => {
  const { document } = readerOf("{ book(isbn: 1) { key_of_Book_isbn: title } }");
  expect(print(document)).toContain("_key_of_Book_isbn: isbn");
});

test("every entity is found, wherever it stands, once or often", () => {
  const { read } = readerOf("{ book(isbn: 1) { author { name books { title } } } }");
  const book = { key_of_Book_isbn: "1", author: {} };
  book.author = { key_of_Author_id: 7, books: [book, { key_of_Book_isbn: "2" }] };
  expect(read({ book })).toEqual({ ids: new Set(["1", "7", "2"]), open: true });
});

test("an entity alone changes by its own events only", () => {
  const { read } = readerOf("{ book(isbn: 1) { title price { minor } } }");
  const data = { book: { title: "Emma", price: { minor: 1 }, key_of_Book_isbn: "1" } };
  expect(read(data)).toEqual({ ids: new Set(["1"]), open: false });
});

test("lists, connections, what is not there and what has no key may change by events that name nothing in them", () => {
  const open = (text: string, data: Record<string, unknown>) => readerOf(text).read(data).open;
  const key_of_Book_isbn = "1";
  expect(open("{ books { title } }", { books: [] })).toBe(true);
  expect(open("{ book(isbn: 1) { title } }", { book: null })).toBe(true);
  expect(open("{ book(isbn: 1) { author { name } } }", { book: { key_of_Book_isbn, author: null } })).toBe(true);
  expect(open("{ book(isbn: 1) { loans { total } } }", { book: { key_of_Book_isbn, loans: { total: 1 } } })).toBe(true);
  expect(open("{ book(isbn: 1) { title } }", { book: { title: "Emma" } })).toBe(true);
  expect(open("{ keptShelf { name } }", { keptShelf: { name: "A" } })).toBe(true);
  expect(open("{ keptCount }", { keptCount: 1 })).toBe(true);
});

test("a list whose hint names its tags does not wait for other events", () => {
  const { read } = readerOf("{ chosen { title } }");
  expect(read({ chosen: [{ key_of_Book_isbn: "1" }] })).toEqual({ ids: new Set(["1"]), open: false });
  expect(read({ chosen: [] }).open).toBe(false);
});

test("what a hint's tags say of a connection they say of its edges, and of nothing in the entities there", () => {
  const { read } = readerOf("{ chosenLoans { nodes { id book { title author { name } } } } }");
  const book = { key_of_Book_isbn: "1", author: { key_of_Author_id: "a1" } };
  expect(read({ chosenLoans: { nodes: [{ key_of_Loan_id: "l1", book }] } })).toEqual({
    ids: new Set(["l1", "1", "a1"]),
    open: false,
  });
  expect(read({ chosenLoans: { nodes: [{ key_of_Loan_id: "l1", book: { ...book, author: null } }] } }).open).toBe(true);
});

test("members of unions and interfaces are found by their own keys", () => {
  const { read } = readerOf("{ anything { ... on Book { title } } keepable { id } }");
  const found = read({
    anything: { __typename: "Book", key_of_Book_isbn: "1" },
    keepable: { __typename: "Loan", key_of_Keepable_id: "l1" },
  });
  expect(found.ids).toEqual(new Set(["1", "l1"]));
});

const user: Identity = {
  kind: "USER",
  userId: "u1",
  sessionId: "s1",
  grants: new Map([["o1", new Set<string>()]]),
};
const nobody: Identity = { kind: "USER", userId: "u2", sessionId: "s2", grants: new Map() };
const anonymous: Identity = { kind: "ANONYMOUS" };

test("an answer goes by its entities; an open one also by what happens around whom it was made for", () => {
  const policy = { maxAgeMs: 1, scope: "VIEWER", tags: [] } as const;
  const contents = { ids: new Set(["1"]), open: false };
  const open = { ...contents, open: true };
  const tags = (...args: Parameters<typeof tagsOfAnswer>) => [...tagsOfAnswer(...args)].sort();
  expect(tags(policy, contents, { identity: user })).toEqual(["entity:1", "user:u1"]);
  expect(tags(policy, open, { identity: user })).toEqual(["entity:1", "organization:o1", "user:u1"]);
  expect(tags({ ...policy, scope: "ORGANIZATION" }, open, { identity: user })).toEqual(["entity:1", "organization:o1"]);
  expect(tags({ ...policy, scope: "ORGANIZATION" }, open, { identity: nobody })).toEqual(["entity:1", "user:u2"]);
  expect(tags({ ...policy, scope: "PUBLIC" }, contents, { identity: user })).toEqual(["entity:1"]);
  for (const identity of [user, anonymous]) {
    expect(tags({ ...policy, scope: "PUBLIC" }, open, { identity })).toEqual(["entity:1", "event"]);
  }
  expect(tags(policy, open, { identity: anonymous })).toEqual(["entity:1", "event"]);
  expect(tags({ ...policy, tags: ["organization", "prices"] }, contents, { identity: user })).toEqual([
    "entity:1",
    "organization:o1",
    "prices",
    "user:u1",
  ]);
});
