/**
 * What people and organisations are found by: words, as somebody types their beginnings. Case, accents and the form of
 * a letter make no difference. The same rules read what is stored and what is searched for.
 */

/** A word of a member's, as the read model keeps it. */
export interface SearchTerm {
  readonly term: string;
  /**
   * Code points that it begins alike with the term before it. Terms that begin alike stand together. So a search that
   * takes only those which share less than it asks for finds each member once.
   */
  readonly sharedLength: number;
}

export interface SearchEntry {
  readonly terms: readonly SearchTerm[];
  /** All terms, each behind a space. */
  readonly words: string;
}

/** Accents of Latin, Greek and Cyrillic letters. Other scripts spell vowels by marks: those stay. */
const ACCENTS = /[\u0300-\u036F]/g;
/** Letters may become many when they are folded; a row of an index has 2,704 bytes. */
const MAX_WORD_BYTES = 254;
const MAX_NAME_BYTES = 800;
const MAX_LOCAL_BYTES = 254;
const BETWEEN_WORDS = /[^\p{L}\p{N}\p{M}]+/u;

/** Upper case first: `ß` and `ſ` become what people type for them. */
function folded(text: string): string {
  return text.normalize("NFKD").replace(ACCENTS, "").toUpperCase().toLowerCase().replaceAll("ς", "σ").normalize("NFC");
}

/** Words of a name, folded, each once, in their order. */
export function wordsOf(text: string): readonly string[] {
  return [...new Set(folded(text).split(BETWEEN_WORDS).filter(Boolean).map(cut))];
}

/** The beginning of a word: no more is kept, and no more of what is typed is compared. */
function cut(word: string): string {
  if (Buffer.byteLength(word) <= MAX_WORD_BYTES) return word;
  const characters = [...word];
  let bytes = 0;
  const end = characters.findIndex((character) => {
    bytes += Buffer.byteLength(character);
    return bytes > MAX_WORD_BYTES;
  });
  return characters.slice(0, end).join("");
}

/** As many of the words as an index can hold. */
function within(words: readonly string[], maxBytes: number): readonly string[] {
  let bytes = 0;
  return words.filter((word) => {
    bytes += Buffer.byteLength(word);
    return bytes <= maxBytes;
  });
}

/** What is typed: words, and addresses as they are. */
export function typedWords(text: string): readonly string[] {
  const parts = text.split(/\s+/).filter(Boolean);
  return [...new Set(parts.flatMap((part) => (isAddress(part) ? [cut(folded(part))] : wordsOf(part))))];
}

/** Is there a word that begins so, for each that was typed? */
export function beginsWithAll(words: readonly string[], typed: readonly string[]): boolean {
  return typed.every((beginning) => words.some((word) => word.startsWith(beginning)));
}

/** A member by the words of the name, by the address, and by the words in front of its `@`. */
export function searchEntry({
  displayName,
  email,
}: {
  readonly displayName: string;
  readonly email: string;
}): SearchEntry {
  const address = folded(email);
  const local = address.slice(0, address.lastIndexOf("@"));
  const named = [...within(wordsOf(displayName), MAX_NAME_BYTES), ...within(wordsOf(local), MAX_LOCAL_BYTES)];
  const words = [...new Set([...named, cut(address)])].sort();
  const terms = words.map((term, index) => ({ term, sharedLength: commonLength(words[index - 1] ?? "", term) }));
  return { terms, words: words.map((word) => ` ${word}`).join("") };
}

function isAddress(part: string): boolean {
  return /^[^@]+@/.test(part);
}

function commonLength(one: string, other: string): number {
  const [left, right] = [[...one], [...other]];
  const differs = left.findIndex((character, index) => character !== right[index]);
  return differs === -1 ? left.length : differs;
}
