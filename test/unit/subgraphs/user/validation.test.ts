import fc from "fast-check";
import { expect, test } from "vitest";
import { requireReason } from "../../../../platform/validation/reason.ts";
import { parseSlug, slugFrom } from "../../../../subgraphs/user/domain/slug.ts";
import { requireDisplayName, requireEmail, requireSlug } from "../../../../subgraphs/user/validation/text.ts";

test("a slug made from any name is a valid slug, with and without a suffix", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 100, unit: "grapheme" }), fc.constantFrom("", "a1b2c3"), (name, suffix) => {
      const slug = slugFrom(name, suffix);
      expect(requireSlug(slug)).toBe(slug);
    }),
  );
});

test("only what is a slug is looked for as one", () => {
  expect(parseSlug("acme-2")).toBe("acme-2");
  for (const text of ["ab", "Acme", " acme", "acme-", "ac\u0000me", "acme\n", "a".repeat(41)]) {
    expect(parseSlug(text)).toBeUndefined();
  }
});

test("a name is cleaned of invisible characters before it is measured [S21]", () => {
  expect(requireDisplayName("  Ada\u202e \u200b Lovelace\n")).toBe("Ada Lovelace");
  expect(() => requireDisplayName("\u200b \u0000")).toThrow("BLANK");
  expect(() => requireDisplayName("x".repeat(81))).toThrow("TOO_LONG");
  expect(() => requireDisplayName("<script>")).toThrow("INVALID");
});

test("a reason is prose: it may hold what no name may", () => {
  expect(requireReason("=> see <https://tickets.example/1>")).toBe("=> see <https://tickets.example/1>");
  expect(() => requireReason("half \ud83d")).toThrow("INVALID");
});

test.each(["ada example.com", "@example.com", "ada@", "Ada@example.com", "ada@exam ple.com", "ada\u0000@example.com"])(
  "%j is no address",
  (email) => expect(() => requireEmail(email)).toThrow("INVALID"),
);
