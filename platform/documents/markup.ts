/**
 * HTML in which every value is escaped. Only `markup` makes it, and only from texts of ours: a value is text, whatever
 * it looks like, unless `markup` made it.
 */
import { escapeHtml } from "../http/escape-html.ts";

class EscapedHtml {
  readonly #html: string;

  constructor(html: string) {
    this.#html = html;
  }

  toString(): string {
    return this.#html;
  }
}

/** A piece of a page. `String(…)` is its HTML. */
export type Markup = EscapedHtml;

/** What may stand in a piece: text, another piece, several of them, or nothing. */
export type MarkupValue = string | Markup | readonly Markup[] | null;

export function markup(written: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  const parts = written.map((part, index) => (index === 0 ? part : `${toHtml(values[index - 1] ?? null)}${part}`));
  return new EscapedHtml(parts.join(""));
}

function toHtml(value: MarkupValue): string {
  if (value === null) return "";
  if (typeof value === "string") return escapeHtml(value);
  return value instanceof EscapedHtml ? value.toString() : value.map(String).join("");
}
