/**
 * Objects as subgraphs answer them. A response name may be any GraphQL name, `__proto__` and `constructor` included:
 * hence the care.
 */

import { LosslessNumber } from "./lossless-number.ts";

export type JsonObject = Record<string, unknown>;

/** Names that an object has without anybody having set them. */
const INHERITED: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof LosslessNumber);
}

/** How to read a member of this name, decided once: nearly all names are read as they are. */
export function reader(name: string): (object: JsonObject) => unknown {
  if (!INHERITED.has(name)) return (object) => object[name];
  return (object) => (Object.hasOwn(object, name) ? object[name] : undefined);
}

export function readMember(object: JsonObject, name: string): unknown {
  return INHERITED.has(name) && !Object.hasOwn(object, name) ? undefined : object[name];
}

export function writeMember(object: JsonObject, name: string, value: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true });
  } else object[name] = value;
}

/** A copy of parsed JSON that shares nothing which could be changed. */
export function copyJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyJson);
  return isJsonObject(value) ? copyObject(value) : value;
}

/** The same for an object. */
export function copyObject(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, member]) => [name, copyJson(member)]));
}
