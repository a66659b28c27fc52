import fc from "fast-check";
import { Kind, parse } from "graphql";
import { expect, test } from "vitest";
import { createCursorCodec, type Page, parsePage, toConnection } from "../../../../platform/graphql/connection.ts";

const cursors = createCursorCodec(["s".repeat(32)]);
const LIST = "numbers";

/** What a resolver is told about `{ numbers { <selection> } }`. */
function infoOf(selection: string, fragments = "") {
  const { definitions } = parse(`{ numbers { ${selection} } } ${fragments}`);
  const [operation, ...rest] = definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error("no operation");
  const fragmentsByName = rest.flatMap((node) =>
    node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node]] : [],
  );
  const fieldNodes = operation.selectionSet.selections.filter((node) => node.kind === Kind.FIELD);
  return { fieldNodes, fragments: Object.fromEntries(fragmentsByName) };
}
const asked = infoOf("edges { cursor }");

/** A list as a store pages it: ascending numbers, keyset by value. */
function rowsOf(all: readonly number[], page: Page): number[] {
  const ordered = page.direction === "forward" ? [...all] : [...all].reverse();
  const key = page.key === undefined ? undefined : Number(page.key);
  const beyond = ordered.filter((row) => key === undefined || (page.direction === "forward" ? row > key : row < key));
  return beyond.slice(0, page.take + 1);
}

function walk(all: readonly number[], size: number, forward: boolean): number[] {
  const seen: number[] = [];
  for (let cursor: string | null = null; ; ) {
    const args = forward ? { first: size, after: cursor } : { last: size, before: cursor };
    const page = parsePage(LIST, args, cursors, asked);
    const connection = toConnection(
      { list: LIST, page, rows: rowsOf(all, page), keyOf: String, totalCount: null },
      cursors,
    );
    const nodes = connection.edges.map(({ node }) => node);
    if (forward) seen.push(...nodes);
    else seen.unshift(...nodes);
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = connection.pageInfo;
    if (!(forward ? hasNextPage : hasPreviousPage)) return seen;
    cursor = forward ? endCursor : startCursor;
  }
}

test("walking the pages forward or backward shows every row once, in order", () => {
  const lists = fc.uniqueArray(fc.integer({ min: 0, max: 1_000 }), { maxLength: 60 });
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 100 }), fc.boolean(), (list, size, forward) => {
      const sorted = [...list].sort((a, b) => a - b);
      expect(walk(sorted, size, forward)).toEqual(sorted);
    }),
  );
});

test.each([
  [{}],
  [{ first: 0 }],
  [{ first: 101 }],
  [{ first: 1, last: 1 }],
  [{ last: -1 }],
  [{ first: 1, before: "x" }],
  [{ first: 1, after: "x" }],
  [{ first: 1, after: "" }],
])("the page %j is refused with BAD_USER_INPUT", (args) => {
  expect(() => parsePage(LIST, args, cursors, asked)).toThrow(expect.objectContaining({ code: "BAD_USER_INPUT" }));
});

test("a cursor of another list, of another secret or with one changed character is refused", () => {
  const cursor = cursors.encode(LIST, "42");
  expect(cursors.decode(LIST, cursor)).toBe("42");
  const foreign = createCursorCodec(["t".repeat(32)]).encode(LIST, "42");
  const changed = (cursor.startsWith("A") ? "B" : "A") + cursor.slice(1);
  for (const bad of [cursors.encode("other", "42"), foreign, changed]) {
    expect(() => cursors.decode(LIST, bad)).toThrow(expect.objectContaining({ code: "BAD_USER_INPUT" }));
  }
});

test("a page is counted only when its total is asked for, also through fragments", () => {
  const counted = (selection: string, fragments?: string) =>
    parsePage(LIST, { first: 1 }, cursors, infoOf(selection, fragments)).counted;
  expect(counted("edges { node { totalCount } }")).toBe(false);
  expect(counted("totalCount")).toBe(true);
  expect(counted("total: totalCount")).toBe(true);
  expect(counted("... on X { totalCount }")).toBe(true);
  expect(counted("...F", "fragment F on X { edges { cursor } ...G } fragment G on X { totalCount }")).toBe(true);
});
