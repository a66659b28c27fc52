/**
 * The objects at a path of the data. Equal ones become one: what is fetched for them later is merged once, looked
 * through once and written once, however often they appear in the answer.
 */
import type { ResponsePath } from "@apollo/query-planner";
import { isJsonObject, type JsonObject, readMember, writeMember } from "../../transport/json-object.ts";
import { isSameScalar } from "../../transport/lossless-number.ts";

/** Objects that stand at several places of the data. */
export type Shared = Set<object>;

/** An object, and where it is held. */
export interface Target {
  object: JsonObject;
  readonly holder: JsonObject | unknown[];
  readonly name: string | number;
}

/** Objects at `path`, in the order of the data, each once; `@` stands for every item of a list. Nulls are left out. */
export function targetsAt(root: JsonObject, path: ResponsePath, shared: Shared): Target[] {
  const found: Target[] = [];
  const seen = new Set<object>();

  function visit(value: unknown, depth: number, holder: JsonObject | unknown[], name: string | number): void {
    if (Array.isArray(value)) {
      const next = path[depth] === "@" ? depth + 1 : depth;
      for (let index = 0; index < value.length; index += 1) {
        const item: unknown = value[index];
        if (item !== null && item !== undefined) visit(item, next, value, index);
      }
      return;
    }
    if (!isJsonObject(value)) return;
    if (shared.size > 0 && shared.has(value)) {
      if (seen.has(value)) return;
      seen.add(value);
    }
    const key = path[depth];
    if (key === undefined) {
      found.push({ object: value, holder, name });
      return;
    }
    const member = readMember(value, String(key));
    if (member !== null && member !== undefined) visit(member, depth + 1, value, String(key));
  }

  visit(root, 0, root, "");
  return found;
}

/**
 * Makes the targets one object if they hold the same.
 * @param first stays; @param other gives way. @returns whether it did
 */
export function unite(first: Target, other: Target, shared: Shared): boolean {
  if (first.object === other.object) return true;
  // Its other places would keep it.
  if (shared.has(other.object) || !holdsSame(first.object, other.object)) return false;
  shared.add(first.object);
  if (Array.isArray(other.holder)) other.holder[Number(other.name)] = first.object;
  else writeMember(other.holder, String(other.name), first.object);
  other.object = first.object;
  return true;
}

/** Compared this deep: keys and what was provided along with them; anything larger is not worth the time. */
const DEPTH = 2;

function holdsSame(left: JsonObject, right: JsonObject): boolean {
  return sameMembers(left, right, DEPTH);
}

function sameMembers(left: JsonObject, right: JsonObject, depth: number): boolean {
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => Object.hasOwn(right, name) && same(left[name], right[name], depth));
}

function same(left: unknown, right: unknown, depth: number): boolean {
  if (isSameScalar(left, right)) return true;
  if (depth === 0) return false;
  if (isJsonObject(left) && isJsonObject(right)) return sameMembers(left, right, depth - 1);
  if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
  return left.every((item, index) => same(item, right[index], depth - 1));
}
