/**
 * Equal objects within one JSON value become one object: whoever walks over it can tell by identity what was seen
 * before.
 */
import { isJsonObject, type JsonObject, writeMember } from "./json-object.ts";
import { LosslessNumber } from "./lossless-number.ts";

/** What lies deeper is left as it is. */
const DEPTH = 200;

/**
 * Changes the value in place, in time linear to its size. Afterwards nothing in it may be changed.
 * @returns the value; objects count as equal when their members stand in the same order, too
 */
export function internJson(value: unknown): unknown {
  const internedByText = new Map<string, object>();
  const numbers = new Map<object, number>();

  function one(text: string, own: object): object {
    const existing = internedByText.get(text);
    if (existing !== undefined) return existing;
    internedByText.set(text, own);
    numbers.set(own, numbers.size);
    return own;
  }

  function intern(here: unknown, depth: number): unknown {
    if (typeof here !== "object" || here === null || here instanceof LosslessNumber) return here;
    if (depth === DEPTH) return one(`#${numbers.size}`, here);
    if (!Array.isArray(here)) return isJsonObject(here) ? one(`{${members(here, depth).join()}}`, here) : here;
    for (const [index, item] of here.entries()) here[index] = intern(item, depth + 1);
    return one(`[${here.map(token).join()}]`, here);
  }

  function members(object: JsonObject, depth: number): string[] {
    return Object.keys(object).map((name) => {
      const member = intern(object[name], depth + 1);
      writeMember(object, name, member);
      return `${JSON.stringify(name)}:${token(member)}`;
    });
  }

  function token(item: unknown): string {
    if (typeof item !== "object" || item === null) return JSON.stringify(item);
    return item instanceof LosslessNumber ? item.text : `#${numbers.get(item)}`;
  }

  return intern(value, 0);
}
