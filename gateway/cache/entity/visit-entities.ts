/** Visits the entities of an answer, by the id fields that were selected along with it. */
import { isJsonObject, readMember } from "../../transport/json-object.ts";
import { parseJson } from "../../transport/lossless-json.ts";
import { idTextOf } from "../../transport/lossless-number.ts";

/** Which members of an object name an entity, by whose events it goes, and below which others there are more. */
export interface EntityIdFields {
  readonly names: readonly string[];
  readonly sources: ReadonlySet<string>;
  readonly members: readonly (readonly [string, EntityIdFields])[];
}

type EntityVisitor = (id: string, sources: ReadonlySet<string>) => void;

/** Visits all entities in `value`. */
export function visitEntities(value: unknown, idFields: EntityIdFields, visit: EntityVisitor): void {
  if (idFields.names.length === 0 && idFields.members.length === 0) return;
  if (Array.isArray(value)) {
    for (const item of value) visitEntities(item, idFields, visit);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const name of idFields.names) visitId(readMember(value, name), idFields, visit);
  for (const [name, below] of idFields.members) visitEntities(readMember(value, name), below, visit);
}

/** Visits the entity that a representation stands for. */
export function visitRepresentedEntity(
  text: string,
  keyFields: ReadonlySet<string>,
  idFields: EntityIdFields,
  visit: EntityVisitor,
): void {
  const value = parseJson(text);
  if (!isJsonObject(value)) return;
  for (const name of keyFields) visitId(readMember(value, name), idFields, visit);
}

function visitId(value: unknown, { sources }: EntityIdFields, visit: EntityVisitor): void {
  const id = idTextOf(value);
  if (id !== undefined) visit(id, sources);
}
