/**
 * Decides whether an event contract may replace an earlier text of the same version.
 *
 * Two readers have to be served. Stored events are read again on resume and replay, so they must stay valid under the
 * new text. A consumer written for the old text must understand events written under the new one. So a property may be
 * added as an optional one, and a limit or an enum may be widened. Anything else needs a new version.
 */

/** A JSON Schema (2020-12), or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const annotations = new Set([
  "$schema",
  "$id",
  "$comment",
  "title",
  "description",
  "examples",
  "default",
  "deprecated",
  "x-personal",
]);
const lowerBounds = new Set(["minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties"]);
const upperBounds = new Set(["maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties"]);

export const isJsonSchema = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const strings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];

const text = (value: unknown): string => JSON.stringify(value);

const compareProperties = (before: JsonSchema, after: JsonSchema, path: string): string[] => {
  const old = isJsonSchema(before["properties"]) ? before["properties"] : {};
  const now = isJsonSchema(after["properties"]) ? after["properties"] : {};
  return Object.entries(old).flatMap(([name, schema]) => {
    const next = now[name];
    if (next === undefined) return [`${path}.${name}: the property was removed or renamed`];
    return isJsonSchema(schema) && isJsonSchema(next) ? compareSchemas(schema, next, `${path}.${name}`) : [];
  });
};

const compareRequired = (before: JsonSchema, after: JsonSchema, path: string): string[] => {
  const old = strings(before["required"]);
  const now = strings(after["required"]);
  return [
    ...now.filter((name) => !old.includes(name)).map((name) => `${path}.${name}: the property became required`),
    ...old.filter((name) => !now.includes(name)).map((name) => `${path}.${name}: the property is no longer required`),
  ];
};

const compareEnum = (before: unknown, after: unknown, path: string): string[] => {
  if (after === undefined) return [];
  if (!Array.isArray(before)) return [`${path}: values were narrowed to an enum`];
  const valuesAfter = new Set(Array.isArray(after) ? after.map(text) : []);
  return before
    .filter((value) => !valuesAfter.has(text(value)))
    .map((value) => `${path}: the enum lost ${text(value)}`);
};

const compareBound = (keyword: string, before: unknown, after: unknown, path: string): string[] => {
  if (after === undefined) return [];
  const narrowed =
    typeof before !== "number" ||
    typeof after !== "number" ||
    (lowerBounds.has(keyword) ? after > before : after < before);
  return narrowed && before !== after
    ? [`${path}: ${keyword} was narrowed from ${text(before) ?? "none"} to ${text(after)}`]
    : [];
};

const compareKeyword = (keyword: string, before: JsonSchema, after: JsonSchema, path: string): string[] => {
  const old = before[keyword];
  const now = after[keyword];
  if (annotations.has(keyword) || text(old) === text(now)) return [];
  if (keyword === "properties") return compareProperties(before, after, path);
  if (keyword === "required") return compareRequired(before, after, path);
  if (keyword === "enum") return compareEnum(old, now, path);
  if (lowerBounds.has(keyword) || upperBounds.has(keyword)) return compareBound(keyword, old, now, path);
  if (keyword === "items" && isJsonSchema(old) && isJsonSchema(now)) return compareSchemas(old, now, `${path}[]`);
  if (keyword === "additionalProperties" && (now === true || now === undefined)) return [];
  if (keyword === "additionalProperties" && isJsonSchema(old) && isJsonSchema(now)) {
    return compareSchemas(old, now, `${path}.*`);
  }
  // A dropped pattern or format accepts more; of two different ones nobody can tell which accepts more.
  if ((keyword === "pattern" || keyword === "format") && now === undefined) return [];
  return [`${path}: ${keyword} changed from ${text(old) ?? "none"} to ${text(now) ?? "none"}`];
};

const compareSchemas = (before: JsonSchema, after: JsonSchema, path: string): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .flatMap((keyword) => compareKeyword(keyword, before, after, path));

/** Why the new text of a contract would break a reader, one line per path; empty when it would not. */
export const breakingChanges = (before: JsonSchema, after: JsonSchema): string[] =>
  compareSchemas(before, after, "data");

/** `billing.invoice.paid.v1` → `billing.invoice.paid.v2`. */
export const nextVersion = (type: string): string =>
  type.replace(/\.v(\d+)$/, (_, version: string) => `.v${Number(version) + 1}`);
