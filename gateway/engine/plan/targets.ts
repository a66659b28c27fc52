/**
 * Which objects of a fetch's answer other fetches will complete. Answers may be shared by several requests and are
 * never changed: a request takes copies of these objects, and of the way to them, and shares all the rest.
 */
import type { ResponsePath } from "@apollo/query-planner";
import { isJsonObject, type JsonObject, readMember, writeMember } from "../../transport/json-object.ts";
import type { RepresentationBuilder } from "./representation.ts";

export interface TargetTree {
  /** By response name; lists are passed through. */
  readonly members: ReadonlyMap<string, TargetTree>;
  /** Of fetches that complete the object itself: they tell entities apart. */
  readonly representations: readonly RepresentationBuilder[];
}

export interface TargetPath {
  readonly path: ResponsePath;
  readonly representation: RepresentationBuilder | undefined;
}

/** Entities that a request has taken copies of, by place and by the object that was copied. */
export interface Copies {
  readonly byTree: Map<TargetTree, Map<object, JsonObject>>;
  /** Told which copies stand at several places. */
  readonly shared: Set<object>;
}

export const NO_TARGETS: TargetTree = { members: new Map(), representations: [] };

export function targetsBelow(tree: TargetTree, { path, representation }: TargetPath): TargetTree {
  const [name, ...rest] = path;
  if (name === undefined) {
    if (representation === undefined) return tree;
    return { ...tree, representations: [...tree.representations, representation] };
  }
  // A list's items have the list's name.
  if (name === "@") return targetsBelow(tree, { path: rest, representation });
  const key = String(name);
  const inner = targetsBelow(tree.members.get(key) ?? NO_TARGETS, { path: rest, representation });
  return { ...tree, members: new Map(tree.members).set(key, inner) };
}

/**
 * A copy of the object and of every target below it.
 * @param copies given when equal objects of the answer are one object: an entity is then copied once for all its places
 */
export function ownTargets(object: JsonObject, tree: TargetTree, copies: Copies | undefined): JsonObject {
  const copy = { ...object };
  for (const [name, inner] of tree.members) {
    const value = readMember(copy, name);
    if (value !== undefined && value !== null) writeMember(copy, name, ownValue(value, inner, copies));
  }
  return copy;
}

function ownValue(value: unknown, tree: TargetTree, copies: Copies | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => ownValue(item, tree, copies));
  if (!isJsonObject(value)) return value;
  return copies === undefined ? ownTargets(value, tree, undefined) : ownOnce(value, tree, copies);
}

function ownOnce(object: JsonObject, tree: TargetTree, copies: Copies): JsonObject {
  let copiesOfTree = copies.byTree.get(tree);
  if (copiesOfTree === undefined) {
    copiesOfTree = new Map();
    copies.byTree.set(tree, copiesOfTree);
  }
  const existing = copiesOfTree.get(object);
  if (existing !== undefined) {
    copies.shared.add(existing);
    return existing;
  }
  const copy = ownTargets(object, tree, copies);
  // Without a key in it, it may stand for different entities.
  if (tree.representations.some((representationOf) => representationOf(object) !== undefined))
    copiesOfTree.set(object, copy);
  return copy;
}
