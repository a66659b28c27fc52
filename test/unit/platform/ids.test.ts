import { expect, test } from "vitest";
import { createIdSource, idPrefix } from "../../../platform/ids.ts";

test("thousands of ids of one millisecond are well-formed, rise, and share no random part", () => {
  const source = createIdSource({ now: () => new Date(1_700_000_000_000) });
  const ids = Array.from({ length: 5_000 }, () => source.next("inv"));
  expect(ids.map(idPrefix).every((prefix) => prefix === "inv")).toBe(true);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids.map((id) => id.slice(-12))).size).toBe(5_000);
});
