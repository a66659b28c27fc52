import { expect, test } from "vitest";
import { UserFailure } from "../../../../../platform/errors/user-failure.ts";
import { requireLine, requireName } from "../../../../../platform/validation/text/require-text.ts";

const FIELD = { length: { min: 2, max: 5 }, label: "The name", field: "name" };
const WIDE = { ...FIELD, length: { min: 2, max: 80 } };

function refusalOf(work: () => unknown): unknown {
  try {
    return { taken: work() };
  } catch (error) {
    if (!(error instanceof UserFailure)) throw error;
    return error.userErrors.map(({ code, field, status }) => ({ code, field, status }));
  }
}

const refused = (code: string) => [{ code, field: ["input", "name"], status: 400 }];

test.each([
  ["half an emoji", "Half \ud83d", "INVALID"],
  ["the other half", "\ude00 Half", "INVALID"],
  ["nothing that can be seen", "\u200B\u3164 \u2800", "BLANK"],
  ["too little", " a ", "INVALID"],
  ["too much", "abcdef", "TOO_LONG"],
])("%s is refused, naming the field [S21]", (_what, text, code) => {
  expect(refusalOf(() => requireLine(text, FIELD))).toEqual(refused(code));
});

test("lengths count code points of what is stored [S21]", () => {
  expect(requireLine("\u{1F600}".repeat(5), FIELD)).toBe("\u{1F600}".repeat(5));
  expect(requireLine(`a${"\u200B".repeat(500)}e\u0301`, FIELD)).toBe("aé");
  expect(refusalOf(() => requireLine("\u{1F600}".repeat(6), FIELD))).toEqual(refused("TOO_LONG"));
});

test.each([
  ["<script>alert(1)</script>"],
  ["Ada <img src=x onerror=alert(1)>"],
  ["a </b>"],
  ["a <!-- b"],
  ["=1+1"],
  ["=cmd|'/C calc'!A0"],
  ['\t=HYPERLINK("http://evil.example")'],
  ["@SUM(1+9)*cmd|' /C calc'!A0"],
  ["+1+cmd|' /C calc'!A0"],
  ["-2+3+cmd|' /C calc'!A0"],
  ["\uFF1DSUM(A1)"],
])("%s is no name: a program would run it [S21]", (name) => {
  expect(refusalOf(() => requireName(name, WIDE))).toEqual(refused("INVALID"));
});

test.each([
  "@home GmbH",
  "-minus-",
  "+49 Media",
  "@home (Europe) Ltd",
  "1 < 2 Ltd",
  "I <3 Lyon",
  "A=B & Söhne",
  "R&D | Research",
  "http://example.com",
  'O\'Neill "Bob"',
])("%s is a name and stays as it was written [S21]", (name) => {
  expect(requireName(name, WIDE)).toBe(name);
});
