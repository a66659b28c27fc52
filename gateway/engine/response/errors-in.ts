/**
 * Which errors belong into an answer. A plan fetches more than an operation selects: keys, requirements, and for an object of which only an
 * interface is known, what any type of it would need. What fails there and is not part of the answer is no error of it.
 */
import type { GraphQLError } from "graphql";
import { isJsonObject, readMember } from "../../transport/json-object.ts";

/** @param text of the answer's data */
export function errorsIn(text: string, errors: readonly GraphQLError[]): readonly GraphQLError[] {
  const data: unknown = JSON.parse(text);
  return errors.filter(({ path }) => path === undefined || isThere(data, path));
}

/** Does the path lead somewhere, be it to a null on the way? */
function isThere(data: unknown, path: readonly (string | number)[]): boolean {
  let here = data;
  for (const step of path) {
    if (here === null) return true;
    if (Array.isArray(here)) here = here[Number(step)];
    else if (isJsonObject(here)) here = readMember(here, String(step));
    else return true;
    if (here === undefined) return false;
  }
  return true;
}
