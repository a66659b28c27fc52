/**
 * Numbers of JSON texts that JavaScript's numbers would change: digits beyond 2^53, long fractions, `1e400`, `-0`, the
 * scale of `1.0`.
 */

declare global {
  interface JSON {
    /** Part of ECMAScript since "JSON.parse source text access"; missing in TypeScript 7.0. */
    rawJSON(text: string): object;
  }
}

/**
 * A number by its text. It stands in parsed JSON in the place of a number, and `JSON.stringify` writes it as it was.
 * Never changed.
 */
export class LosslessNumber {
  /** As in the JSON text. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The nearest double; infinite where there is none. */
  toNumber(): number {
    return Number(this.text);
  }

  /** @returns the digits of an integer that is written as one, else the nearest double's text */
  toIdText(): string {
    return INTEGER.test(this.text) ? this.text : String(this.toNumber());
  }

  toString(): string {
    return this.text;
  }

  toJSON(): object {
    return JSON.rawJSON(this.text);
  }
}

/** Is the text of a JSON number what JavaScript would write for it? */
export function isDoubleText(text: string): boolean {
  return String(Number(text)) === text;
}

const INTEGER = /^-?[1-9]\d*$/;

/** The text by which an ID, or another key, is known; `undefined` for what is none. */
export function idTextOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (value instanceof LosslessNumber) return value.toIdText();
  return typeof value === "number" ? String(value) : undefined;
}

/** Is it the same JSON number, text, boolean or null? */
export function isSameScalar(one: unknown, other: unknown): boolean {
  if (one instanceof LosslessNumber && other instanceof LosslessNumber) return one.text === other.text;
  return one === other;
}

export function holdsLossless(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof LosslessNumber) return true;
  for (const member of Array.isArray(value) ? value : Object.values(value)) if (holdsLossless(member)) return true;
  return false;
}

/** The value with the nearest double in the place of each such number; the value itself where there is none. */
export function withDoubles(value: unknown): unknown {
  return replaceNumbers(value, (number) => number.toNumber());
}

/** The same for each of an object's members. */
export function withDoublesIn(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, withDoubles(value)]));
}

/** @param replace called with each lossless number. @returns a copy of what holds one, else the value itself */
function replaceNumbers(value: unknown, replace: (number: LosslessNumber) => unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof LosslessNumber) return replace(value);
  let changed = false;
  const change = (member: unknown): unknown => {
    const replaced = replaceNumbers(member, replace);
    if (replaced !== member) changed = true;
    return replaced;
  };
  const copy = Array.isArray(value)
    ? value.map(change)
    : Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(member)]));
  return changed ? copy : value;
}
