/**
 * Which objects of a fetch's answer other fetches will complete. Answers may be shared by several requests and are never changed: a request
 * takes copies of these objects, and of the way to them, and shares all the rest.
 */
import { isJsonObject, type JsonObject, readMember, writeMember } from "../../transport/json-object.ts";

export interface TargetTree {
  /** By response name; lists are passed through. */
  readonly members: ReadonlyMap<string, TargetTree>;
}

export const NO_TARGETS: TargetTree = { members: new Map() };

export function targetsBelow(tree: TargetTree, path: readonly (string | number)[]): TargetTree {
  const [name, ...rest] = path;
  if (name === undefined) return tree;
  // A list's items have the list's name.
  if (name === "@") return targetsBelow(tree, rest);
  const key = String(name);
  const inner = targetsBelow(tree.members.get(key) ?? NO_TARGETS, rest);
  return { members: new Map(tree.members).set(key, inner) };
}

/** A copy of the object and of every target below it. */
export function ownTargets(object: JsonObject, tree: TargetTree): JsonObject {
  const copy = { ...object };
  for (const [name, inner] of tree.members) {
    const value = readMember(copy, name);
    if (value !== undefined && value !== null) writeMember(copy, name, ownValue(value, inner));
  }
  return copy;
}

function ownValue(value: unknown, tree: TargetTree): unknown {
  if (Array.isArray(value)) return value.map((item) => ownValue(item, tree));
  return isJsonObject(value) ? ownTargets(value, tree) : value;
}
