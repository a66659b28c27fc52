/**
 * Passwords that are tried first by whoever guesses: the list of https://github.com/zxcvbn-ts (49,000 from leaks), what
 * is one of them with little around it or said twice, and rows of characters or keys. NIST SP 800-63B (3.1.1.2) asks
 * for such a comparison.
 */
import { dictionary } from "@zxcvbn-ts/language-common";

const COMMON: ReadonlySet<string> = new Set(dictionary["passwords-common"]);
/** More around a common word than this makes it another password. */
const MAX_AROUND = 6;
/** A repetition that is longer is no weaker than other passwords of common length. */
const MAX_REPEATED = 24;
const ROWS = ["1234567890", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "qwertzuiopü+", "azertyuiop"];
const LETTERS: Readonly<Record<string, string>> = {
  ...{ "@": "a", "4": "a", "3": "e", "1": "i", "!": "i" },
  ...{ "0": "o", $: "s", "5": "s", "7": "t" },
};

export function isCommonPassword(password: string): boolean {
  const lower = password.toLowerCase();
  const unit = repeatedUnit(lower);
  if (unit !== undefined && lower.length <= MAX_REPEATED) return true;
  return isRow(lower) || [lower, unlettered(lower)].some(isCommonAround);
}

/** A common one, with digits and signs around it. */
function isCommonAround(text: string): boolean {
  if (COMMON.has(text)) return true;
  const core = text.replace(/^[\W\d_]+/u, "").replace(/[\W\d_]+$/u, "");
  return core.length > 0 && text.length - core.length <= MAX_AROUND && COMMON.has(core);
}

const unlettered = (text: string) => [...text].map((character) => LETTERS[character] ?? character).join("");

/** `abc` of `abcabcabc`; undefined for what is no repetition. */
function repeatedUnit(text: string): string | undefined {
  return /^(.{1,8}?)\1+$/su.exec(text)?.[1];
}

/** Neighbours all along: in the alphabet, up or down, or on a keyboard. */
function isRow(text: string): boolean {
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0);
  for (const step of [1, -1]) {
    if (codes.every((code, at) => at === 0 || code === (codes[at - 1] ?? 0) + step)) return true;
  }
  return ROWS.some((row) => row.repeat(3).includes(text) || [...row].reverse().join("").repeat(3).includes(text));
}
