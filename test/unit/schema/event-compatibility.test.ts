import fc from "fast-check";
import { expect, test } from "vitest";
import { breakingChanges, nextVersion } from "../../../schema/event-compatibility.ts";
import { checkEventCompatibility, checkEventNames } from "../../../schema/event-contracts.ts";

const contract = (properties: Record<string, unknown>, required: string[] = Object.keys(properties)) => ({
  type: "object",
  additionalProperties: false,
  required,
  properties,
});

const id = { type: "string", pattern: "^inv_", minLength: 5, maxLength: 40 };
const tags = { type: "array", items: { type: "string" }, maxItems: 10 };

const before = contract(
  {
    id,
    status: { type: "string", enum: ["OPEN", "PAID"] },
    total: contract({ amountMinor: { type: "string" } }),
    tags,
    note: { type: ["string", "null"] },
  },
  ["id", "status", "total"],
);

const withProperty = (name: string, schema: unknown) => ({
  ...before,
  properties: { ...before.properties, [name]: schema },
});

test.each([
  ["a removed property", contract({ id }), "data.status: the property was removed or renamed"],
  [
    "a new required property",
    { ...before, required: [...before.required, "note"] },
    "data.note: the property became required",
  ],
  [
    "a property that may now be absent",
    { ...before, required: ["id", "total"] },
    "data.status: the property is no longer required",
  ],
  [
    "another type",
    withProperty("note", { type: "string" }),
    'data.note: type changed from ["string","null"] to "string"',
  ],
  [
    "a lost enum value",
    withProperty("status", { type: "string", enum: ["OPEN"] }),
    'data.status: the enum lost "PAID"',
  ],
  [
    "a new enum",
    withProperty("note", { type: ["string", "null"], enum: ["x"] }),
    "data.note: values were narrowed to an enum",
  ],
  [
    "another pattern",
    withProperty("id", { ...id, pattern: "^inv_[a-z]" }),
    'data.id: pattern changed from "^inv_" to "^inv_[a-z]"',
  ],
  [
    "a new pattern",
    withProperty("note", { type: ["string", "null"], pattern: "^x" }),
    'data.note: pattern changed from none to "^x"',
  ],
  ["a shorter limit", withProperty("id", { ...id, maxLength: 39 }), "data.id: maxLength was narrowed from 40 to 39"],
  ["a higher minimum", withProperty("id", { ...id, minLength: 6 }), "data.id: minLength was narrowed from 5 to 6"],
  [
    "a new limit",
    withProperty("note", { type: ["string", "null"], maxLength: 9 }),
    "data.note: maxLength was narrowed from none to 9",
  ],
  [
    "a change inside an object",
    withProperty("total", contract({ amount: { type: "string" } })),
    "data.total.amountMinor: the property was removed or renamed",
  ],
  [
    "a change inside a list",
    withProperty("tags", { ...tags, items: { type: "integer" } }),
    'data.tags[]: type changed from "string" to "integer"',
  ],
  [
    "a keyword that cannot be compared",
    withProperty("note", { oneOf: [], type: ["string", "null"] }),
    "data.note: oneOf changed from none to []",
  ],
])("%s breaks readers", (_, after, problem) => {
  expect(breakingChanges(before, after)).toContain(problem);
});

test("closing an open object breaks readers", () => {
  expect(breakingChanges({ type: "object" }, { type: "object", additionalProperties: false })).toEqual([
    "data: additionalProperties changed from none to false",
  ]);
});

test.each([
  ["an optional property", withProperty("reason", { type: "string" })],
  ["one more enum value", withProperty("status", { type: "string", enum: ["OPEN", "PAID", "VOID"] })],
  ["a wider limit", withProperty("id", { type: "string", pattern: "^inv_", minLength: 4, maxLength: 50 })],
  ["a dropped pattern", withProperty("id", { type: "string", minLength: 5, maxLength: 40 })],
  ["an open object", { ...before, additionalProperties: true }],
  ["other words", { ...before, description: "Said better.", title: "x" }],
])("%s breaks nobody", (_, after) => {
  expect(breakingChanges(before, after)).toEqual([]);
});

test("a contract that did not change breaks nobody, whatever it holds", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (schema) => {
      expect(breakingChanges(schema, schema)).toEqual([]);
    }),
  );
});

test("the advice names the next version", () => {
  expect(nextVersion("billing.invoice.paid.v9")).toBe("billing.invoice.paid.v10");
});

test("a removed contract breaks the readers of stored events", () => {
  expect(checkEventCompatibility(new Map([["shop.item.sold.v1", {}]]), new Map())).toEqual([
    "Event contract shop.item.sold.v1 was removed, but stored events still have this type",
  ]);
});

test("a contract's file name, title and id agree", () => {
  const good = {
    title: "shop.item.sold.v1",
    $id: "https://tributary.dev/events/shop.item.sold.v1.json",
    type: "object",
  };
  expect(checkEventNames(new Map([["shop.item.sold.v1", good]]))).toEqual([]);
  expect(checkEventNames(new Map([["shop.item.sold", { ...good, type: "string" }]]))).toEqual([
    "Event contract shop.item.sold: the file name is not <subgraph>.<fact>.v<n>.json",
    "Event contract shop.item.sold: the title must be the event type",
    "Event contract shop.item.sold: the $id must end with the file name",
    "Event contract shop.item.sold: data must be an object",
  ]);
});
