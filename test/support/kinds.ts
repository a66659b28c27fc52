// The shape of JSON: the same members with the kind of each value in its place, to compare answers without their
// values.
import { idPrefix } from "../../platform/ids.ts";

export type Kinds = string | { readonly [member: string]: Kinds } | readonly Kinds[];

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * `"2026-11-28T10:00:00.000Z"` → `"date-time"`, `"inv_…"` → `"id inv"`, `"900"` → `"integer text"`, `3` → `"integer"`.
 * A list has each kind of its elements once, in the order of their first appearance.
 */
export function kindsOf(value: unknown): Kinds {
  if (Array.isArray(value)) {
    const kinds = new Map(value.map((item) => [JSON.stringify(kindsOf(item)), kindsOf(item)]));
    return [...kinds.values()];
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, kindsOf(member)]));
  }
  if (typeof value === "string") return kindOfText(value);
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return value === null ? "null" : typeof value;
}

function kindOfText(text: string): string {
  const prefix = idPrefix(text);
  if (prefix !== undefined) return `id ${prefix}`;
  if (MOMENT.test(text)) return "date-time";
  if (UUID.test(text)) return "uuid";
  return /^-?\d+$/.test(text) ? "integer text" : "text";
}
