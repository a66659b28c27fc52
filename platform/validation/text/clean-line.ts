/**
 * A single line of free text as it is stored: NFC, without characters that show nothing or that make it show as
 * something else, white space collapsed. Cleaning what is clean changes nothing. Source for what shows nothing: Unicode
 * 16, `Default_Ignorable_Code_Point`; for emoji: UTS #51.
 */
import { withoutStrayJoiners } from "./joiners.ts";

/**
 * What never has a place in a line: controls, bidirectional controls, BOM, zero-width space, soft hyphen, word joiner,
 * interlinear annotation, blank fillers, tags, noncharacters. White space is collapsed later; what only means something
 * beside certain characters is judged there.
 */
const NEVER_SHOWN =
  /(?<flag>\p{RGI_Emoji_Tag_Sequence})|[[\p{Cc}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\uFFF9-\uFFFB]--[\s\u0085\u200C\u200D\u115F\u1160\u180E\p{Variation_Selector}]]|\uFEFF/gv;

const WHITE_SPACE = /[\s\u0085]+/g;

/** @param text well formed */
export function cleanLine(text: string): string {
  // A flag such as England's is spelt with tags: it stays whole.
  const shown = text.replace(NEVER_SHOWN, (match, flag: string | undefined) => (flag === undefined ? "" : match));
  return withoutStrayJoiners(shown).replace(WHITE_SPACE, " ").trim();
}
