/**
 * How deep what a client sent may be nested, and how many values it may hold. JSON is read at any depth, but much that
 * looks at it afterwards works by recursion; and reading 20,000 small members takes ten times as long as reading one
 * text of the same length.
 */
import { AppError } from "../../platform/errors/app-error.ts";

/** No input of any schema comes near. */
const MAX_DEPTH = 200;

/** Of a text that may be so long; a member or item of which there are many is rarely shorter, name and all. */
const BYTES_PER_VALUE = 100;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/**
 * Looks at JSON before it is read: once over the text, without keeping anything. What is no JSON is somebody else's to
 * refuse.
 * @param maxBytes that such a text may be long: longer ones may hold more values
 * @throws AppError `BAD_REQUEST`
 */
export function refuseLargeJson(text: string, maxBytes: number): void {
  const maxValues = Math.ceil(maxBytes / BYTES_PER_VALUE);
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        continue;
      case OPENING_BRACE:
      case OPENING_BRACKET:
        depth += 1;
        values += 1;
        if (depth > MAX_DEPTH) throw tooDeep();
        break;
      case CLOSING_BRACE:
      case CLOSING_BRACKET:
        depth -= 1;
        continue;
      case COMMA:
        values += 1;
        break;
      default:
        continue;
    }
    if (values > maxValues) {
      throw new AppError("BAD_REQUEST", `The request holds more than ${maxValues} values. Send it in several parts.`);
    }
  }
}

/** @returns where the quote is that ends it */
function endOfString(text: string, opened: number): number {
  let at = opened + 1;
  while (at < text.length) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) break;
    at += character === BACKSLASH ? 2 : 1;
  }
  return at;
}

/**
 * For what was read already. Takes time linear in the value, and no stack.
 * @throws AppError `BAD_REQUEST`
 */
export function refuseDeepNesting(value: unknown): void {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw tooDeep();
    const below: unknown[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      for (const child of Object.values(item)) if (typeof child === "object") below.push(child);
    }
    level = below;
  }
}

const tooDeep = () => new AppError("BAD_REQUEST", `The request is nested deeper than ${MAX_DEPTH} levels.`);
