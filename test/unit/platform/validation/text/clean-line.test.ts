import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cleanLine } from "../../../../../platform/validation/text/clean-line.ts";
import { isVisible } from "../../../../../platform/validation/text/is-visible.ts";

const ENGLAND = "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}";

describe("what stays, since spelling or a picture needs it [S21]", () => {
  test.each([
    ["a Persian compound with U+200C", "می\u200cخواهم"],
    ["U+200C behind a letter that does not join, as Persian writes it", "کاربر\u200cها"],
    ["a Sinhala conjunct with U+200D", "ශ්\u200dරී"],
    ["a Devanagari half form", "क्\u200dष"],
    ["a Bengali joiner between letter and virama", "র\u200d্য"],
    ["a Malayalam chillu at the end of a word", "രാജന്\u200d"],
    ["an explicit virama at the end of a word", "ക്\u200c"],
    ["an Arabic initial form at the end of a word", "ه\u200d"],
    ["a family", "Fam \u{1F468}\u200d\u{1F469}\u200d\u{1F467}"],
    ["skin tones and a heart", "\u{1F469}\u{1F3FD}\u200d\u2764\uFE0F\u200d\u{1F468}\u{1F3FF}"],
    ["the rainbow flag", "\u{1F3F3}\uFE0F\u200d\u{1F308}"],
    ["the flag of England, which is spelt with tags", `Pub ${ENGLAND}`],
    ["a keycap", "1\uFE0F\u20E3 Ltd"],
    ["a Mongolian vowel separator", "\u182A\u1820\u180E\u1820"],
    ["an ideograph with its variant", "葛\u{E0100}城"],
    ["an old Hangul syllable without a consonant", "\u115F\u1161"],
    ["a sign that is a format character and seen", "\u0600\u06F1"],
  ])("%s", (_what, name) => {
    expect(cleanLine(name)).toBe(name);
    expect(isVisible(name)).toBe(true);
  });
});

test.each([
  ["a bidirectional override", "Ada\u202E ecalevoL", "Ada ecalevoL"],
  ["isolates and marks", "\u2066a\u2069\u200E\u200F\u061Cb", "ab"],
  ["controls", "a\u0000\u0007\u009Fb", "ab"],
  ["BOM, zero-width space, word joiner, soft hyphen", "\uFEFFa\u200B\u2060\u00ADb", "ab"],
  ["interlinear annotation", "a\uFFF9b\uFFFAc\uFFFB", "abc"],
  ["tags outside of a flag", "a\u{E0041}\u{E0042}\u{E007F}b", "ab"],
  ["a joiner between Latin letters", "a\u200Db\u200Cc", "abc"],
  ["a joiner at the start, behind a blank, and a second one", "\u200Dم \u200Cم\u200C\u200Cم", "م م\u200Cم"],
  ["U+200D behind an emoji that it ties to nothing", "\u{1F468}\u200D!", "\u{1F468}!"],
  ["a variation selector behind nothing, and a second one", "\uFE0Fa\uFE0F\uFE0F", "a\uFE0F"],
  ["blank fillers", "a\u3164\uFFA0b", "ab"],
  ["noncharacters", "a\uFFFE\u{1FFFF}b", "ab"],
  ["marks that composed only when something went between them", "e\u200B\u0301", "é"],
  ["white space of all kinds", "  a\t\n\u0085\u00A0\u2003\u3000\u2028b ", "a b"],
])("%s is taken out [S21]", (_what, name, clean) => {
  expect(cleanLine(name)).toBe(clean);
});

test.each([
  ["Hangul fillers", "\u3164\u3164\uFFA0\u115F\u1160"],
  ["Braille blanks", "\u2800\u2800"],
  ["soft hyphens", "\u00AD\u00AD"],
  ["tags", "\u{E0041}\u{E0042}"],
  ["Arabic letter marks", "\u061C\u061C"],
  ["combining marks", "\u0301\u0300\u20DD"],
  ["variation selectors", "\uFE0F\u{E0100}"],
  ["characters of private use", "\uE000"],
  ["blanks", " \u3000\t"],
])("a name of %s alone shows nothing [S21]", (_what, name) => {
  expect(isVisible(cleanLine(name))).toBe(false);
});

/** Dense in what the rules are about. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 3 }),
      fc.constantFrom(..."\u200C\u200D\uFE0F\u180E\u115F\u1160\u034F\u202E\u00AD \u0301\u094Dमمaᠠ\u1100\u1161"),
      fc.constantFrom(ENGLAND, "\u{1F468}", "\u{1F3FD}", "\u{E0100}", "\u{E0067}", "\u{E007F}"),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

test("cleaning is done once: what is clean stays as it is, well formed and NFC [S21]", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const clean = cleanLine(text);
      expect(cleanLine(clean)).toBe(clean);
      expect(clean.isWellFormed()).toBe(true);
      expect(clean.normalize("NFC")).toBe(clean);
      expect(clean).not.toMatch(/[\p{Cc}\u202A-\u202E\u2066-\u2069\u200E\u200F\u061C\uFEFF\u200B\u00AD\u2060]/u);
    }),
    { numRuns: 2_000 },
  );
});

test("a long text is cleaned in time linear in its length", () => {
  const started = process.cpuUsage();
  for (const part of ["a\u0301", "\u200D", "\u{1F468}\u200D", "\u0301", "م\u200C", "\u{E0067}", " "]) {
    cleanLine(part.repeat(100_000));
  }
  // A rule that looks back over all of it would take minutes.
  expect(process.cpuUsage(started).user).toBeLessThan(20_000_000);
});
