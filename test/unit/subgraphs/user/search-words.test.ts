// S87: the words that people are found by, and those that are typed.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beginsWithAll, searchEntry, typedWords, wordsOf } from "../../../../subgraphs/user/domain/search-words.ts";

describe("words [S87]", () => {
  test.each([
    ["Ada Lovelace", ["ada", "lovelace"]],
    ["  Jean-Luc   O'Neill ", ["jean", "luc", "o", "neill"]],
    ["Zoë ÉLODIE Strauß", ["zoe", "elodie", "strauss"]],
    ["Ａｄａ ﬁne", ["ada", "fine"]],
    ["Οδυσσεύς ΟΔΥΣΣΕΥΣ", ["οδυσσευσ"]],
    ["नेहा शर्मा", ["नेहा", "शर्मा"]],
    ["Ada ada ADA", ["ada"]],
    ["👩‍💻 – !", []],
  ])("of %j are %j", (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  test("that are typed may be an address, which stays whole", () => {
    expect(typedWords("Ada  A.Lovelace@Exam")).toEqual(["ada", "a.lovelace@exam"]);
    expect(typedWords("@example.com")).toEqual(["example", "com"]);
    expect(typedWords("– ?")).toEqual([]);
  });

  test("are cut to what an index holds, and what is typed is cut alike", () => {
    // One character that is folded to eighteen.
    const long = "\uFDFA".repeat(80);
    const { terms, words } = searchEntry({ displayName: `${long} ada`, email: "a@example.com" });
    expect(Buffer.byteLength(words) + Buffer.byteLength(terms.at(-1)?.term ?? "")).toBeLessThan(2_000);
    const [typed = ""] = typedWords(long);
    expect(terms.map(({ term }) => term)).toContain(typed);
  });

  test("of a member are those of the name, the address, and what is in front of its @", () => {
    const { terms, words } = searchEntry({ displayName: "Ada Adams", email: "ada.king@example.com" });
    expect(terms).toEqual([
      { term: "ada", sharedLength: 0 },
      { term: "ada.king@example.com", sharedLength: 3 },
      { term: "adams", sharedLength: 3 },
      { term: "king", sharedLength: 0 },
    ]);
    expect(words).toBe(" ada ada.king@example.com adams king");
  });

  test("find a member by exactly one term, whatever beginning is typed", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "é", "𐐀", " ", "-"), maxLength: 12 });
    fc.assert(
      fc.property(letters, letters, (displayName, typed) => {
        const { terms } = searchEntry({ displayName, email: "aab.ba@b.example" });
        for (const beginning of wordsOf(typed)) {
          const length = [...beginning].length;
          const found = terms.filter(({ term, sharedLength }) => term.startsWith(beginning) && sharedLength < length);
          const matching = terms.some(({ term }) => term.startsWith(beginning));
          expect(found).toHaveLength(matching ? 1 : 0);
        }
      }),
    );
  });

  test("must each begin a word of what is found", () => {
    const words = wordsOf("Acme Works Ltd");
    for (const typed of ["a", "wor ac", "acme works ltd", ""]) expect(beginsWithAll(words, wordsOf(typed))).toBe(true);
    for (const typed of ["cme", "acme x", "worksx"]) expect(beginsWithAll(words, wordsOf(typed))).toBe(false);
  });
});
