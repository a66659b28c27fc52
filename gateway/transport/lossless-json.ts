/**
 * Reads JSON without changing a number: `JSON.parse` does the work, and the few numbers that it would change are put in
 * their places afterwards (lossless-number.ts). Most texts hold none, which a walk over the bytes tells in a tenth of
 * the time that parsing takes. A reviver would see each number's text, too, but takes six times as long as all of this,
 * for every text.
 */
import { isDoubleText, LosslessNumber } from "./lossless-number.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const UPPER_E = 0x45;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const LOWER_E = 0x65;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const MARK = "\u{feff}";

/**
 * As `JSON.parse`, but with a `LosslessNumber` in the place of each number whose text is not that of the double it
 * stands for. A byte-order mark is no part of a JSON text, and ignored. Source: RFC 8259, section 8.1.
 * @param json text, or its bytes in UTF-8
 * @throws SyntaxError
 */
export function parseJson(json: string | Buffer): unknown {
  const text = typeof json === "string" ? json : json.toString("utf8");
  const value: unknown = JSON.parse(text.startsWith(MARK) ? text.slice(1) : text);
  return withLosslessNumbers(value, typeof json === "string" ? Buffer.from(json) : json);
}

/**
 * @param value parsed from the bytes; lossless numbers are put into it
 * @param bytes valid JSON in UTF-8
 * @returns the value, or the number that it is
 */
export function withLosslessNumbers(value: unknown, bytes: Buffer): unknown {
  const places = findNumbers(bytes);
  return places.length === 0 ? value : placeNumbers(value, bytes, places);
}

/** Digits that a double holds always. */
const SAFE_DIGITS = 15;
/** A fraction with so many digits and zeros in front may be written with an exponent. */
const SMALL_FRACTION = 8;

/** @returns where numbers begin and end whose text a double would not give back */
function findNumbers(bytes: Buffer): number[] {
  const places: number[] = [];
  const end = bytes.length;
  let at = 0;
  while (at < end) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = afterString(bytes, at);
      continue;
    }
    if (byte === undefined || byte > NINE || (byte < ZERO && byte !== MINUS)) {
      at += 1;
      continue;
    }
    const start = at;
    let digits = byte === MINUS ? 0 : 1;
    let unusual = byte === MINUS && bytes[at + 1] === ZERO;
    let dot = 0;
    for (at += 1; ; at += 1) {
      const next = bytes[at];
      if (next === undefined) break;
      if (next >= ZERO && next <= NINE) digits += 1;
      else if (next === DOT) dot = at;
      else if (next === LOWER_E || next === UPPER_E) {
        unusual = true;
        at = bytes[at + 1] === MINUS || bytes[at + 1] === 0x2b ? at + 1 : at;
      } else break;
    }
    if (dot > 0) unusual ||= bytes[at - 1] === ZERO || (digits >= SMALL_FRACTION && bytes[dot + 1] === ZERO);
    if ((unusual || digits > SAFE_DIGITS) && !isDoubleText(textOf(bytes, start, at))) places.push(start, at);
  }
  return places;
}

function afterString(bytes: Buffer, quote: number): number {
  let at = quote + 1;
  for (;;) {
    const byte = bytes[at];
    if (byte === QUOTE || byte === undefined) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
}

function textOf(bytes: Buffer, start: number, end: number): string {
  return bytes.toString("latin1", start, end);
}

/** An object or list that the walk is in. */
interface Frame {
  readonly isList: boolean;
  /** Where the name of the member begins and ends, or the item's index. */
  start: number;
  end: number;
  isName: boolean;
  /** Looked up when something within it is to be changed. */
  holder: unknown;
}

/** Walks over the text once more, now with the way to where it is. */
function placeNumbers(root: unknown, bytes: Buffer, places: readonly number[]): unknown {
  const frames: Frame[] = [];
  let next = 0;
  let at = 0;
  while (next < places.length && at < bytes.length) {
    if (at === places[next]) {
      const end = places[next + 1] ?? bytes.length;
      const number = new LosslessNumber(textOf(bytes, at, end));
      if (frames.length === 0) return number;
      place(root, bytes, frames, number);
      next += 2;
      at = end;
      continue;
    }
    const byte = bytes[at];
    const frame = frames.at(-1);
    if (byte === QUOTE) {
      const end = afterString(bytes, at);
      if (frame?.isName === true) {
        frame.start = at;
        frame.end = end;
        frame.isName = false;
      }
      at = end;
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      const isList = byte === OPEN_LIST;
      frames.push({ isList, start: 0, end: 0, isName: !isList, holder: undefined });
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) frames.pop();
    else if (byte === COMMA && frame !== undefined) {
      if (frame.isList) frame.start += 1;
      else frame.isName = true;
    }
    at += 1;
  }
  return root;
}

/** Of members of one name the last one counts, as everywhere: where another value stands, an earlier one was meant. */
function place(root: unknown, bytes: Buffer, frames: readonly Frame[], number: LosslessNumber): void {
  let holder = root;
  for (const [depth, frame] of frames.entries()) {
    if (depth > 0) frame.holder ??= memberOf(holder, bytes, frames[depth - 1]);
    else frame.holder = root;
    holder = frame.holder;
  }
  const last = frames.at(-1);
  if (last === undefined || !Object.is(memberOf(holder, bytes, last), number.toNumber())) return;
  if (last.isList && Array.isArray(holder)) holder[last.start] = number;
  else if (!last.isList) Reflect.set(Object(holder), nameOf(bytes, last), number);
}

function memberOf(holder: unknown, bytes: Buffer, frame: Frame | undefined): unknown {
  if (frame === undefined || typeof holder !== "object" || holder === null) return undefined;
  if (frame.isList) return Array.isArray(holder) ? holder[frame.start] : undefined;
  const name = nameOf(bytes, frame);
  return Object.hasOwn(holder, name) ? Reflect.get(holder, name) : undefined;
}

function nameOf(bytes: Buffer, { start, end }: Frame): string {
  const text = bytes.toString("utf8", start + 1, end - 1);
  return text.includes("\\") ? String(JSON.parse(`"${text}"`)) : text;
}
