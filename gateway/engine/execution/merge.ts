/**
 * Brings what a fetch answered into the objects it completes. What is only in the answer is shared with it, so nothing
 * is changed in place but targets: the objects that fetches complete, which a request owns (see targets.ts).
 */
import { isJsonObject, type JsonObject, writeMember } from "../../transport/json-object.ts";
import { NO_TARGETS, type TargetTree } from "../plan/targets.ts";

/**
 * Members of `source` become members of `target`; objects, and lists of equal length, that both have are merged.
 * @param tree the targets below `target`: merged in place; anything else is copied first
 */
export function merge(target: JsonObject, source: JsonObject, tree: TargetTree): void {
  for (const name of Object.keys(source)) {
    const value = source[name];
    if (value === undefined) continue;
    const existing = Object.hasOwn(target, name) ? target[name] : undefined;
    if (existing === undefined) writeMember(target, name, value);
    else if (existing !== value) writeMember(target, name, combine(existing, value, tree.members.get(name)));
  }
}

function combine(existing: unknown, value: unknown, tree: TargetTree | undefined): unknown {
  if (isJsonObject(existing) && isJsonObject(value)) {
    const target = tree === undefined ? { ...existing } : existing;
    merge(target, value, tree ?? NO_TARGETS);
    return target;
  }
  if (Array.isArray(existing) && Array.isArray(value) && existing.length === value.length) {
    return existing.map((item, index) => combine(item, value[index], tree));
  }
  return value;
}
