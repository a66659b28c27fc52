/**
 * Text that other programs would run if somebody pasted it there unescaped. We escape wherever we show and export; who
 * copies a name out of our API may not. No name of a person, a company or a device reads like these:
 * docs/decisions/harmless-names.md.
 */

/** What begins a tag, an end tag, a comment or a processing instruction in HTML: `1 < 2` and `<3` do not. */
const MARKUP = /<[a-z/!?]/i;

/**
 * What a spreadsheet takes for a formula: `=` at the start in any case; behind `+`, `-` or `@` a call or a command
 * (DDE). `@home`, `-minus-` and `+49` are names. Full-width signs count, since Excel reads them alike.
 */
const FORMULA = /^(?:[=\uFF1D]|[+\-@\uFF0B\uFF0D\uFF20].*(?:\||[\p{L}\p{N}_.]\())/u;

/** @param text cleaned */
export function executableAs(text: string): "markup" | "formula" | undefined {
  if (MARKUP.test(text)) return "markup";
  return FORMULA.test(text) ? "formula" : undefined;
}
