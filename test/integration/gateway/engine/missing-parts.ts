// What may be wrong with an answer of which subgraphs did not bring all: anything but nulls, each with one error.
import { isDeepStrictEqual } from "node:util";
import { isJsonObject } from "../../../../gateway/transport/json-object.ts";
import type { Outcome } from "./compared-graph.ts";

type Path = readonly (string | number)[];

/** @param whole the answer if nothing had failed. @returns what is wrong with the other one */
export function wrongParts(partial: Outcome, whole: Outcome): readonly string[] {
  const wrong: string[] = [];
  const missing: Path[] = [];

  function compare(own: unknown, other: unknown, path: Path): void {
    if (own === null) {
      if (other !== null) missing.push(path);
      return;
    }
    if (Array.isArray(own) && Array.isArray(other) && own.length === other.length) {
      for (const [index, item] of own.entries()) compare(item, other[index], [...path, index]);
      return;
    }
    if (isJsonObject(own) && isJsonObject(other) && Object.keys(own).join() === Object.keys(other).join()) {
      for (const [name, member] of Object.entries(own))
        compare(member, new Map(Object.entries(other)).get(name), [...path, name]);
      return;
    }
    if (!isDeepStrictEqual(own, other))
      wrong.push(`${path.join(".")} is ${JSON.stringify(own)}, not ${JSON.stringify(other)}`);
  }

  compare(partial.data, whole.data, []);
  const paths = partial.errors.flatMap(({ path }) => (path === undefined ? [] : [path]));
  for (const place of missing) {
    const reasons = paths.filter((path) => place.every((step, index) => path[index] === step));
    if (reasons.length !== 1) wrong.push(`${place.join(".")} is missing with ${reasons.length} errors`);
  }
  for (const path of paths)
    if (!leadsToNull(partial.data, path)) wrong.push(`an error at ${path.join(".")}, which is there`);
  return wrong;
}

/** Does the path end at a null, or pass one? */
export function leadsToNull(data: unknown, path: Path): boolean {
  let here = data;
  for (const step of path) {
    if (here === null) return true;
    if (typeof here !== "object") return false;
    here = new Map<string, unknown>(Object.entries(here)).get(String(step));
  }
  return here === null;
}
