/**
 * Cached values as text and back: what JSON knows, and Date, BigInt, Map, Set, Buffer, `undefined` and the numbers JSON
 * lacks. A value of any other kind is refused when it is written, not when it is read.
 */

const plainNumber = (value: number) => Number.isFinite(value) && !Object.is(value, -0);

/** @throws TypeError for a value that could not be read back as what it was */
export function encodeValue(value: unknown): string {
  return JSON.stringify(tagged(value));
}

/** @throws SyntaxError or TypeError for text that no `encodeValue` of this version wrote */
export function decodeValue(text: string): unknown {
  return untagged(JSON.parse(text));
}

function tagged(value: unknown): unknown {
  switch (typeof value) {
    case "undefined":
      return { $undefined: 0 };
    case "bigint":
      return { $bigint: value.toString() };
    case "number":
      return plainNumber(value) ? value : { $number: Object.is(value, -0) ? "-0" : String(value) };
    case "string":
    case "boolean":
      return value;
    case "object":
      return value === null ? null : taggedObject(value);
    default:
      throw new TypeError(`a ${typeof value} cannot be cached`);
  }
}

function taggedObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(tagged);
  if (value instanceof Date) return { $date: value.getTime() };
  if (Buffer.isBuffer(value)) return { $bytes: value.toString("base64") };
  if (value instanceof Map) return { $map: [...value].map(([key, item]) => [tagged(key), tagged(item)]) };
  if (value instanceof Set) return { $set: [...value].map(tagged) };
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError(`a ${value.constructor.name} cannot be cached`);
  const properties = Object.entries(value);
  const object = Object.fromEntries(properties.map(([name, item]) => [name, tagged(item)]));
  // An object of the caller's that looks like a tag.
  return properties.some(([name]) => name.startsWith("$")) ? { $object: object } : object;
}

function untagged(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(untagged);
  const [first] = Object.entries(value);
  if (first?.[0].startsWith("$")) return fromTag(first[0], first[1]);
  return properties(value);
}

const properties = (value: object) =>
  Object.fromEntries(Object.entries(value).map(([name, item]) => [name, untagged(item)]));

function fromTag(tag: string, content: unknown): unknown {
  if (tag === "$undefined") return undefined;
  if (tag === "$bigint" && typeof content === "string") return BigInt(content);
  if (tag === "$number" && typeof content === "string") return Number(content);
  // A date that is none has no time: JSON wrote `null`.
  if (tag === "$date" && (typeof content === "number" || content === null)) return new Date(content ?? Number.NaN);
  if (tag === "$bytes" && typeof content === "string") return Buffer.from(content, "base64");
  if (tag === "$set" && Array.isArray(content)) return new Set(content.map(untagged));
  if (tag === "$map" && Array.isArray(content)) return new Map(content.map(pair));
  if (tag === "$object" && typeof content === "object" && content !== null) return properties(content);
  throw new TypeError(`unknown form of a cached value: ${tag}`);
}

function pair(content: unknown): [unknown, unknown] {
  if (!Array.isArray(content)) throw new TypeError("a cached map without pairs");
  return [untagged(content[0]), untagged(content[1])];
}
