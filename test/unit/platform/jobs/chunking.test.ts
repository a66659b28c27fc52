import fc from "fast-check";
import { expect, test } from "vitest";
import { inChunks } from "../../../../platform/jobs/chunking.ts";

test("chunks are the list in its order, none is empty, and all but the last have the size [S110]", () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { maxLength: 200 }), fc.integer({ min: 1, max: 60 }), (items, size) => {
      const chunks = inChunks(items, size);
      expect(chunks.flat()).toEqual(items);
      expect(chunks.slice(0, -1).every((chunk) => chunk.length === size)).toBe(true);
      expect(chunks.every((chunk) => chunk.length > 0 && chunk.length <= size)).toBe(true);
    }),
  );
});

test.each([0, -1, 2.5, Number.NaN])("a chunk of %d items is refused", (size) => {
  expect(() => inChunks([1], size)).toThrow(RangeError);
});
