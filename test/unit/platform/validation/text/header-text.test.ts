import fc from "fast-check";
import { expect, test } from "vitest";
import { headerText } from "../../../../../platform/validation/text/header-text.ts";
import { unstorableText } from "../../../../../platform/validation/text/unstorable-text.ts";

test("a fact of a client is cut and cleaned, never refused", () => {
  expect(headerText(undefined)).toBeUndefined();
  expect(headerText("Mozilla/5.0 (X11; Linux x86_64)")).toBe("Mozilla/5.0 (X11; Linux x86_64)");
  expect(headerText(" \u0085\u0000 ")).toBeUndefined();
  expect(headerText("a\u202E\ud83d b", 64)).toBe("a\uFFFD b");
  expect(headerText("\u{1F600}".repeat(300))).toBe("\u{1F600}".repeat(256));
});

test("whatever a header holds, its fact can be stored", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }),
      fc.nat(40),
      (text, max) => {
        const fact = headerText(text, max + 1) ?? "x";
        expect(unstorableText(fact)).toBeUndefined();
        expect([...fact].length).toBeLessThanOrEqual(max + 1);
      },
    ),
  );
});

test("what cannot be stored is found at any depth and in names, however deep [S21]", () => {
  expect(unstorableText({ a: [1, null, { b: "é" }] })).toBeUndefined();
  expect(unstorableText({ a: [{ "b\ud800": 1 }] })).toContain("surrogate");
  expect(unstorableText(["\0"])).toContain("U+0000");
  let deep: unknown = "\0";
  for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
  expect(unstorableText(deep)).toContain("U+0000");
});
