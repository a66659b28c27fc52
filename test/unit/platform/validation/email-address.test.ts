import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseEmailAddress } from "../../../../platform/validation/email-address.ts";

describe("addresses that mail servers take", () => {
  test.each([
    ["ada@example.com", "ada@example.com"],
    ["  Ada.Lovelace@Example.COM ", "ada.lovelace@example.com"],
    ["o'brien+list=a/b@example.com", "o'brien+list=a/b@example.com"],
    ["a@b", "a@b"],
    [`${"x".repeat(64)}@example.com`, `${"x".repeat(64)}@example.com`],
    ["ada@xn--bcher-kva.example", "ada@bücher.example"],
    ["Ada@BÜCHER.example", "ada@bücher.example"],
    ["用户@例子.广告", "用户@例子.广告"],
    ["jose\u0301@example.com", "josé@example.com"],
  ])("%s", (text, canonical) => {
    expect(parseEmailAddress(text)).toBe(canonical);
    expect(parseEmailAddress(canonical)).toBe(canonical);
  });
});

describe("what no mail server takes", () => {
  test.each([
    "",
    "ada",
    "@example.com",
    "ada@",
    "a..b@example.com",
    ".a@example.com",
    "a.@example.com",
    "a b@example.com",
    "a@b@example.com",
    '"a b"@example.com',
    `${"x".repeat(65)}@example.com`,
    `${"ü".repeat(33)}@example.com`,
    `a@${"x".repeat(64)}.com`,
    `a@${"x.".repeat(130)}com`,
    "a@-example.com",
    "a@example-.com",
    "a@example..com",
    "a@.example.com",
    "a@example.com.",
    "a@ex_ample.com",
    "a@127.0.0.1",
    "a@[127.0.0.1]",
    "a@1",
    "a@example.com:25",
    "a@exam/ple.com",
    "a\u0000@example.com",
    "a\u202e@example.com",
    "a@exa\u00admple\u0000.com",
    "ada@example.com\nBcc: eve@example.com",
  ])("%j", (text) => {
    expect(parseEmailAddress(text)).toBeUndefined();
  });
});

test("whatever is taken is its own spelling, and no longer than addresses may be", () => {
  const address = fc.oneof(
    fc.emailAddress({ size: "large" }),
    fc.string({ unit: "binary" }).map((local) => `${local}@example.com`),
  );
  fc.assert(
    fc.property(address, (text) => {
      const parsed = parseEmailAddress(text);
      if (parsed === undefined) return;
      expect(parseEmailAddress(parsed)).toBe(parsed);
      expect(parsed.split("@")).toHaveLength(2);
      expect(parsed.length).toBeLessThanOrEqual(254);
    }),
  );
});
