/**
 * A fact that a client says of itself in a header, e.g. `User-Agent`. Nobody is refused for it: it is cleaned and cut
 * to what rows and events can hold.
 */
import { holdsCardNumber } from "./card-number.ts";
import { cleanLine } from "./clean-line.ts";

const MAX_LENGTH = 256;
/** Nearly every header: it is clean as it is. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/;

/**
 * @param max code points; what lies behind is cut
 * @returns undefined where nothing is left, and for the number of a card
 */
export function headerText(value: string | undefined, max: number = MAX_LENGTH): string | undefined {
  if (value === undefined) return value;
  if (value.length <= max && PLAIN.test(value)) return holdsCardNumber(value) ? undefined : value;
  // A header may have kilobytes, of which most would be cleaned for nothing.
  const clean = cleanLine(value.slice(0, 4 * max).toWellFormed());
  const text = clean.length <= max ? clean : [...clean].slice(0, max).join("").trimEnd();
  return text === "" || holdsCardNumber(text) ? undefined : text;
}
