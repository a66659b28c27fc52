/** Finds the entities that an answer tells of, by the names that were asked for along with it. */
import { isJsonObject, readMember } from "../../transport/json-object.ts";
import { parseJson } from "../../transport/lossless-json.ts";
import { idTextOf } from "../../transport/lossless-number.ts";

/** Which members of an object name an entity, by whose events it goes, and below which others there are more. */
export interface Named {
  readonly names: readonly string[];
  readonly sources: ReadonlySet<string>;
  readonly members: readonly (readonly [string, Named])[];
}

type Tell = (id: string, sources: ReadonlySet<string>) => void;

/** Tells of all entities in `value`. */
export function tellNamed(value: unknown, named: Named, tell: Tell): void {
  if (named.names.length === 0 && named.members.length === 0) return;
  if (Array.isArray(value)) {
    for (const item of value) tellNamed(item, named, tell);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const name of named.names) tellId(readMember(value, name), named, tell);
  for (const [name, below] of named.members) tellNamed(readMember(value, name), below, tell);
}

/** Tells of the entity that a representation stands for. */
export function tellRepresented(text: string, keyFields: ReadonlySet<string>, named: Named, tell: Tell): void {
  const value = parseJson(text);
  if (!isJsonObject(value)) return;
  for (const name of keyFields) tellId(readMember(value, name), named, tell);
}

function tellId(value: unknown, { sources }: Named, tell: Tell): void {
  const id = idTextOf(value);
  if (id !== undefined) tell(id, sources);
}
