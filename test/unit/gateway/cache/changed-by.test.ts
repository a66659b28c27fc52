import { expect, test } from "vitest";
import { changedBy } from "../../../../gateway/cache/changed-by.ts";
import { readCacheHints } from "../../../../gateway/cache/hints.ts";

const hints = readCacheHints(`
  type Order @cacheControl(maxAge: 60, changedBy: ["shop.order"]) {
    total: Int
    parcels: [Parcel] @cacheControl(maxAge: 60, changedBy: ["shop.parcel", "post.parcel"])
    notes: [Note] @cacheControl(maxAge: 60)
  }
  type Parcel @cacheControl(maxAge: 60) { weight: Int }
`);

test("a field changes by the kinds of events that its type's hint names", () => {
  expect(changedBy(hints, "Order", "total", "shop")).toEqual(["shop.order"]);
});

test("a field's own hint comes before its type's, also one that names no kinds", () => {
  expect(changedBy(hints, "Order", "parcels", "shop")).toEqual(["shop.parcel", "post.parcel"]);
  expect(changedBy(hints, "Order", "notes", "shop")).toEqual(["shop"]);
});

test("where no hint names kinds, any event of the subgraph may change a field", () => {
  expect(changedBy(hints, "Parcel", "weight", "post")).toEqual(["post"]);
  expect(changedBy(hints, "Unknown", "weight", "*")).toEqual(["*"]);
});

test("a type's hint says nothing of the fields that another subgraph adds", () => {
  expect(changedBy(hints, "Order", "reviews", "reviews")).toEqual(["reviews"]);
  expect(changedBy(hints, "Order", "reviews", "*")).toEqual(["*"]);
});
