/**
 * Free text from outside: normalised and cleaned once, at the edge. Control and bidirectional-override characters are
 * removed (they can make a name show as something else), white space is collapsed, the form is NFC.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
const INVISIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** A single line of text, e.g. a name. */
export function cleanLine(text: string): string {
  return text.normalize("NFC").replace(INVISIBLE, "").replace(/\s+/g, " ").trim();
}
