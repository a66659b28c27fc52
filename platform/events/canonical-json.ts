/**
 * Canonical JSON (RFC 8785): one text per value, so that whoever has the value can compute the same hash again. Takes
 * only what is the same value after it was written, stored by Postgres as JSON, and read: what one of them would refuse
 * or change is refused here, by one definition for those who publish and those who record.
 */
import canonicalize from "canonicalize";
import { unstorableText } from "../validation/text/unstorable-text.ts";

/** Deeper than anything anybody writes on purpose, and far from where stacks overflow, Postgres' among them. */
const MAX_DEPTH = 64;

/** @throws TypeError naming what is wrong with the value, and where */
export function canonicalJson(value: unknown): string {
  const problem = whyNotCanonical(value);
  if (problem !== undefined) throw new TypeError(`no canonical JSON: ${problem}`);
  return canonicalize(value) ?? "";
}

/** @returns what is wrong with the value, and where; undefined when it has a canonical form that survives */
export function whyNotCanonical(value: unknown): string | undefined {
  return problemAt(value, [], 0);
}

function problemAt(value: unknown, path: readonly string[], depth: number): string | undefined {
  const problem = problemOf(value, depth);
  if (problem !== undefined) return `${path.join(".") || "the value"} ${problem}`;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    // A member that is not there is not written.
    if (member === undefined && !Array.isArray(value)) continue;
    const own = problemOfName(name);
    if (own !== undefined) return `${[...path, "a name"].join(".")} ${own}`;
    const found = problemAt(member, [...path, name], depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function problemOf(value: unknown, depth: number): string | undefined {
  if (depth > MAX_DEPTH) return `is nested more than ${MAX_DEPTH} deep`;
  switch (typeof value) {
    case "string":
      return problemOfText(value);
    case "number":
      return Number.isFinite(value) ? undefined : `is ${value}, which is no number in JSON`;
    case "boolean":
      return undefined;
    case "object":
      return value === null || isPlain(value) ? undefined : "is an object that JSON does not know";
    default:
      return `is a ${typeof value}, which JSON does not know`;
  }
}

function problemOfName(name: string): string | undefined {
  // Readers leave such a member out, or take it for something else.
  return name === "__proto__" ? "is __proto__" : problemOfText(name);
}

function problemOfText(text: string): string | undefined {
  const found = unstorableText(text);
  return found === undefined ? undefined : `holds ${found}`;
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
