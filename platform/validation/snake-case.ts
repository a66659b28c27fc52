/**
 * JSON of webhooks and ingest edges: members in snake_case outside, camelCase inside, moments as RFC 3339 text outside
 * and dates inside. A zod schema says which members there are. What it does not name is never renamed, and never taken
 * for something that it names.
 */
import { z } from "zod";
import { AppError } from "../errors/app-error.ts";

/** A moment: RFC 3339 text with any offset outside, written in UTC with milliseconds. */
export const instant = z.codec(z.iso.datetime({ offset: true }), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});

/** What is wrong with a member, named as the sender wrote it: `lines[0].unit_price`. */
export interface ShapeProblem {
  readonly path: string;
  readonly message: string;
}

export interface SnakeCase<Value> {
  /** @throws AppError `BAD_USER_INPUT`; `details.problems` holds a {@link ShapeProblem} for each wrong member */
  read(json: unknown): Value;
  /** The same as JSON to be sent. @throws z.ZodError for a value that is not what the schema says */
  write(value: Value): unknown;
}

/**
 * @param schema in camelCase, of objects, arrays, records and unions of them. Whether unknown members are dropped or
 * refused is the schema's to say (`z.object`, `z.strictObject`)
 */
export function snakeCase<Schema extends z.ZodType>(schema: Schema): SnakeCase<z.output<Schema>> {
  return {
    read(json) {
      const misspelt: ShapeProblem[] = [];
      const renamed = rename(schema, json, "inside", { path: "", misspelt });
      const { success, data, error } = schema.safeParse(renamed);
      if (success && misspelt.length === 0) return data;
      throw refusal([...misspelt, ...(error?.issues ?? []).map((issue) => problemOf(schema, issue))]);
    },
    write: (value) => rename(schema, z.encode(schema, value), "outside", { path: "", misspelt: [] }),
  };
}

/** `unitPrice` → `unit_price`. */
function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

interface Place {
  readonly path: string;
  /** Members under the name that they have inside. */
  readonly misspelt: ShapeProblem[];
}

function rename(schema: unknown, value: unknown, to: "inside" | "outside", place: Place): unknown {
  if (Array.isArray(value)) {
    const element = elementOf(schema);
    return value.map((item, index) => rename(element, item, to, { ...place, path: `${place.path}[${index}]` }));
  }
  if (!isPlainObject(value)) return value;
  const shape = shapeOf(schema);
  const inner = to === "inside" ? new Map([...shape.keys()].map((name) => [toSnakeCase(name), name])) : undefined;
  const anyMember = memberOf(schema);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const path = place.path === "" ? key : `${place.path}.${key}`;
      const name = inner === undefined ? key : inner.get(key);
      if (name === undefined && shape.has(key)) {
        place.misspelt.push({ path, message: `Unknown member: write ${toSnakeCase(key)}.` });
        return [];
      }
      const declaredMember = name === undefined ? undefined : shape.get(name);
      const below = rename(declaredMember ?? anyMember, member, to, { ...place, path });
      if (declaredMember === undefined || name === undefined) return [[key, below]];
      return [[to === "inside" ? name : toSnakeCase(name), below]];
    }),
  );
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Schemas that a schema only surrounds: optional, nullable, with a default, one of several, read through a codec. */
function within(schema: unknown): unknown[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return within(schema.unwrap());
  }
  if (schema instanceof z.ZodReadonly || schema instanceof z.ZodLazy) return within(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(within);
  if (schema instanceof z.ZodPipe) return within(schema.in);
  return [schema];
}

/** Members by name; of a union all members of its options, of which equal names have equal shapes. */
function shapeOf(schema: unknown): ReadonlyMap<string, unknown> {
  const objects = within(schema).filter((each) => each instanceof z.ZodObject);
  return new Map(objects.flatMap(({ shape }) => Object.entries(shape)));
}

/** Of a record: its keys are data, and stay. */
function memberOf(schema: unknown): unknown {
  return within(schema).find((each) => each instanceof z.ZodRecord)?.valueType;
}

function elementOf(schema: unknown): unknown {
  return within(schema).find((each) => each instanceof z.ZodArray)?.element;
}

/** The issue of a schema in camelCase, with the names of the JSON that was read. */
function problemOf(schema: unknown, { path, message }: z.core.$ZodIssue): ShapeProblem {
  let [at, written] = [schema, ""];
  for (const part of path) {
    const declaredMember = typeof part === "string" ? shapeOf(at).get(part) : undefined;
    if (typeof part === "number") written += `[${part}]`;
    else
      written += `${written === "" ? "" : "."}${declaredMember === undefined ? String(part) : toSnakeCase(String(part))}`;
    at = typeof part === "number" ? elementOf(at) : (declaredMember ?? memberOf(at));
  }
  return { path: written, message };
}

function refusal(problems: readonly ShapeProblem[]): AppError {
  const [first] = problems;
  const where = first === undefined || first.path === "" ? "The body" : first.path;
  return new AppError("BAD_USER_INPUT", `${where}: ${first?.message ?? "not what is expected here"}`, {
    details: { problems },
  });
}
