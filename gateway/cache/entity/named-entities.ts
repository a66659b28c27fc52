/** Finds the entities that an answer tells of, by the names that were asked for along with it. */
import { isJsonObject, readMember } from "../../transport/json-object.ts";

/** Which members of an object name an entity, and below which others there are more. */
export interface Named {
  readonly names: readonly string[];
  readonly members: readonly (readonly [string, Named])[];
}

export const NOTHING_NAMED: Named = { names: [], members: [] };

/** Adds the ids of all entities in `value` to `into`. */
export function idsNamedIn(value: unknown, named: Named, into: Set<string>): void {
  if (named === NOTHING_NAMED) return;
  if (Array.isArray(value)) {
    for (const item of value) idsNamedIn(item, named, into);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const name of named.names) addName(readMember(value, name), into);
  for (const [name, below] of named.members) idsNamedIn(readMember(value, name), below, into);
}

/** Adds the ids of the entity that a representation stands for. */
export function idsOfRepresentation(text: string, keyFields: ReadonlySet<string>, into: Set<string>): void {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) return;
  for (const name of keyFields) addName(readMember(value, name), into);
}

function addName(value: unknown, into: Set<string>): void {
  if (typeof value === "string" || typeof value === "number") into.add(String(value));
}
