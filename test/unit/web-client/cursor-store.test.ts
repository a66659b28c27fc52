import { expect, test } from "vitest";
import { createMemoryCursorStore, createStorageCursorStore } from "../../../web-client/src/graphql/cursor-store.ts";

function storage() {
  const items = new Map<string, string>();
  return {
    items,
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  };
}

test.each([
  ["memory", createMemoryCursorStore],
  ["storage", () => createStorageCursorStore(storage())],
])("a %s store keeps one cursor per stream until it is deleted", (_name, create) => {
  const cursors = create();
  expect(cursors.get("a")).toBeUndefined();
  cursors.set("a", "1");
  cursors.set("b", "2");
  cursors.set("a", "3");
  expect([cursors.get("a"), cursors.get("b")]).toEqual(["3", "2"]);
  cursors.delete("a");
  expect([cursors.get("a"), cursors.get("b")]).toEqual([undefined, "2"]);
});

test("a cursor in a storage outlives the store", () => {
  const tab = storage();
  createStorageCursorStore(tab).set("a", "1");
  expect(createStorageCursorStore(tab).get("a")).toBe("1");
  expect([...tab.items.keys()]).toEqual(["tributary.cursor.a"]);
});
