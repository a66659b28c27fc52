/**
 * Invisible characters that spelling needs, where it needs them; elsewhere they only make equal names differ.
 *
 * - U+200C and U+200D say how letters of some scripts join: Persian compounds, Sinhala and Malayalam conjuncts. RFC
 *   5892 (Appendix A.1, A.2) allows them behind a virama and between joining letters. That is too narrow for names:
 *   Bengali puts one between letter and virama, Malayalam one at the end of a word. So they stay behind a letter or a
 *   mark of such a script, one at a time.
 * - U+200D ties emoji to one: families, professions, flags (UTS #51, "emoji zwj element").
 * - A variation selector chooses a shape of the character before it, one for each.
 * - The Mongolian vowel separator stands between Mongolian letters; the two Hangul fillers complete a syllable.
 */

/** Scripts whose letters take their shape from their neighbours, as Unicode names them. */
const SHAPED = [
  // Cursive.
  "Arab Syrc Mand Mani Mong Phag Nkoo Adlm Rohg Sogd Sogo Chrs Ougr Phlp",
  // With a virama, or another sign that ties letters.
  "Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr Mymr Java Bali Sund Batk Cham Newa Mtei Saur Sylo Rjng",
  "Brah Kthi Gran Tirh Modi Sidd Khoj Sind Cakm Takr Dogr Gong Gonm Nand Diak Bhks Marc Soyo Zanb Ahom Lana Tibt",
]
  .join(" ")
  .split(" ")
  .map((script) => `\\p{Script_Extensions=${script}}`)
  .join("");

const LETTER_OR_MARK = `[[[\\p{L}\\p{M}]&&[${SHAPED}]]--\\p{Variation_Selector}]`;
const MARK = `[[\\p{M}&&[${SHAPED}]]--\\p{Variation_Selector}]`;
const MONGOLIAN = "[\\p{L}&&\\p{Script_Extensions=Mong}]";
const SHAPE = "\\p{Variation_Selector}?";
/** With the shape or the skin tone that was chosen for it. */
const EMOJI = "\\p{Extended_Pictographic}(?:\\uFE0F|\\p{Emoji_Modifier})?";
/** Nothing that may be taken out itself, or cleaning what is clean would change it. */
const BASE = "[[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}]--[\\p{Variation_Selector}\\u115F\\u1160]]";

const STRAY = new RegExp(
  [
    // Not behind such a letter, or behind a letter that nothing follows which it could be kept apart from.
    `(?<!${LETTER_OR_MARK}${SHAPE})\\u200C`,
    `(?<!${MARK}${SHAPE})\\u200C(?!${LETTER_OR_MARK})`,
    `(?<!${LETTER_OR_MARK}${SHAPE})(?<!${EMOJI})\\u200D`,
    `(?<!${LETTER_OR_MARK}${SHAPE})\\u200D(?!\\p{Extended_Pictographic})`,
    `(?<!${BASE})\\p{Variation_Selector}`,
    `(?<!${MONGOLIAN}${SHAPE})\\u180E`,
    `\\u180E(?!${MONGOLIAN})`,
    // A filler in the place of a leading consonant, or of a vowel.
    "\\u115F(?![\\u1161-\\u11A7\\uD7B0-\\uD7C6])",
    "(?<![\\u1100-\\u115E\\uA960-\\uA97C])\\u1160",
  ].join("|"),
  "gv",
);

const RUN_OF_JOINERS = /([\u200C\u200D])[\u200C\u200D]+/g;

/** @returns NFC */
export function withoutStrayJoiners(text: string): string {
  let [before, after] = ["", text.replace(RUN_OF_JOINERS, "$1").normalize("NFC")];
  // What composes when something went from between may be another neighbour to what comes behind it.
  while (after !== before) [before, after] = [after, after.replace(STRAY, "").normalize("NFC")];
  return after;
}
