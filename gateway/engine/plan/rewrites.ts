/**
 * Changes that a plan makes to what a fetch sends or receives: interface objects get their interface's name, clashing
 * names are renamed.
 */
import type { FetchDataRewrite } from "@apollo/query-planner";
import { isJsonObject, type JsonObject, readMember, writeMember } from "../../transport/json-object.ts";
import type { TypeConditions } from "./type-conditions.ts";

/** Changes the value in place. */
export type Rewrite = (value: unknown) => void;

const FRAGMENT = "... on ";

export function compileRewrites(
  rewrites: readonly FetchDataRewrite[] | undefined,
  types: TypeConditions,
): Rewrite | undefined {
  if (rewrites === undefined || rewrites.length === 0) return undefined;
  const compiled = rewrites.map((rewrite) => compileRewrite(rewrite, types));
  return (value) => {
    for (const apply of compiled) apply(value);
  };
}

function compileRewrite(rewrite: FetchDataRewrite, types: TypeConditions): Rewrite {
  const parents = rewrite.path.slice(0, -1);
  const name = rewrite.path.at(-1);
  if (name === undefined || name.startsWith(FRAGMENT)) throw new Error(`a rewrite without a field: ${rewrite.path}`);
  const change = (object: JsonObject): void => {
    if (rewrite.kind === "ValueSetter") {
      writeMember(object, name, rewrite.setValueTo);
      return;
    }
    const value = readMember(object, name);
    if (value === undefined) return;
    writeMember(object, rewrite.renameKeyTo, value);
    delete object[name];
  };
  return parents.reduceRight<Rewrite>((inner, element) => step(element, inner, types), everywhere(change));
}

function step(element: string, inner: Rewrite, types: TypeConditions): Rewrite {
  if (!element.startsWith(FRAGMENT)) return everywhere((object) => inner(readMember(object, element)));
  const condition = element.slice(FRAGMENT.length);
  return everywhere((object) => {
    const typeName = object["__typename"];
    // Not every object was asked for its type; where it was not, the plan knows it.
    if (typeof typeName !== "string" || types.matches(condition, typeName)) inner(object);
  });
}

function everywhere(change: (object: JsonObject) => void): Rewrite {
  return (value) => {
    if (Array.isArray(value)) for (const item of value) everywhere(change)(item);
    else if (isJsonObject(value)) change(value);
  };
}
