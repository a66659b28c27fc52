import fc from "fast-check";
import { expect, test } from "vitest";
import { constraints } from "../../../../schema/constraints.ts";
import { requireLine, requireSlug, slugFrom } from "../../../../subgraphs/user/validation/text.ts";

test("a slug made from any name is a valid slug, with and without a suffix", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 100, unit: "grapheme" }), fc.constantFrom("", "a1b2c3"), (name, suffix) => {
      const slug = slugFrom(name, suffix);
      expect(requireSlug(slug)).toBe(slug);
    }),
  );
});

test("a name is cleaned of invisible characters before it is measured", () => {
  const limits = constraints.displayName;
  expect(requireLine("  Ada\u202e \u200b Lovelace\n", limits, "The name", "displayName")).toBe("Ada Lovelace");
  expect(() => requireLine("\u200b \u0000", limits, "The name", "displayName")).toThrow("BLANK");
  expect(() => requireLine("x".repeat(81), limits, "The name", "displayName")).toThrow("TOO_LONG");
});
