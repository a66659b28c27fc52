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
    const present = Object.hasOwn(target, name) ? target[name] : undefined;
    if (present === undefined) writeMember(target, name, value);
    else if (present !== value) writeMember(target, name, combine(present, value, tree.members.get(name)));
  }
}

function combine(present: unknown, value: unknown, tree: TargetTree | undefined): unknown {
  if (isJsonObject(present) && isJsonObject(value)) {
    const target = tree === undefined ? { ...present } : present;
    merge(target, value, tree ?? NO_TARGETS);
    return target;
  }
  if (Array.isArray(present) && Array.isArray(value) && present.length === value.length) {
    return present.map((item, index) => combine(item, value[index], tree));
  }
  return value;
}
