/** JSON text of strings, the most frequent thing that is written. */
import { parseJson } from "../../transport/lossless-json.ts";

/** Anything that JSON writes otherwise than it is: quotes, backslashes, control characters, lone surrogates. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const SPECIAL = /["\\\u0000-\u001f\ud800-\udfff]/;

/** @param plain known to hold nothing of the kind */
export function stringText(value: string, plain = false): string {
  return !plain && SPECIAL.test(value) ? JSON.stringify(value) : `"${value}"`;
}

/** JSON text in the place of the value that it stands for: an answer that was written already. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** For whoever writes it with `JSON.stringify` all the same. */
  toJSON(): unknown {
    return parseJson(this.text);
  }
}
