import { expect, test } from "vitest";
import { createPartitionPosition } from "../../../../../platform/events/kafka/partition-position.ts";

test("a first assignment begins wherever the group is", () => {
  const position = createPartitionPosition();
  expect(position.unfinishedFrom()).toBeUndefined();
  expect(position.accepts(70n)).toBe(true);
  expect(position.unfinishedFrom()).toBe(70n);
});

test("records of a fetch from before the group met anew are refused: they would skip what is unfinished", () => {
  const first = createPartitionPosition();
  first.accepts(70n);
  first.finishedUpTo(75n);
  const second = createPartitionPosition(first);
  expect(second.accepts(90n)).toBe(false);
  expect(second.unfinishedFrom()).toBe(75n);
  expect(second.accepts(75n)).toBe(true);
});

test("records that were finished and not committed may come again", () => {
  const first = createPartitionPosition();
  first.accepts(70n);
  first.finishedUpTo(75n);
  expect(createPartitionPosition(first).accepts(70n)).toBe(true);
});

test("where the group really is further on, the same records are accepted when they come again", () => {
  const first = createPartitionPosition();
  first.accepts(70n);
  const second = createPartitionPosition(first);
  expect(second.accepts(90n)).toBe(false);
  expect(second.accepts(90n)).toBe(true);
});

test("later records of an assignment are not held against its beginning", () => {
  const first = createPartitionPosition();
  first.accepts(70n);
  const second = createPartitionPosition(first);
  expect(second.accepts(70n)).toBe(true);
  expect(second.accepts(80n)).toBe(true);
});
