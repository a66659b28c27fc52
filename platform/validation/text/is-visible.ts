/**
 * Whether anybody would see a text. Letters, digits, punctuation and symbols are seen. Marks alone are not, and neither
 * are characters whose drawing is blank, or that have none which is agreed upon.
 */

/** Braille blank, Hangul fillers, a null note head, blanks of Egyptian hieroglyphs. */
const VISIBLE = /[[\p{L}\p{N}\p{P}\p{S}]--[\u2800\u115F\u1160\u3164\uFFA0\u{1D159}\u{13441}\u{13442}]]/v;

/** @param text cleaned */
export function isVisible(text: string): boolean {
  return VISIBLE.test(text);
}
