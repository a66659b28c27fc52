/**
 * Which names the fields of a schema generation may have in fetched data. A field that takes no arguments has its own
 * name there: so keys and requirements ask for it, and nothing is fetched twice. A field that takes arguments may be
 * fetched several times for one object.
 */
import { hash } from "node:crypto";
import { type GraphQLField, type GraphQLSchema, isInterfaceType, isObjectType } from "graphql";
import type { SchemaGeneration } from "../../ports.ts";

export interface FieldNames {
  /** Does the field take arguments, in this type or in any type that an object of this type may be taken for? */
  takesArguments(typeName: string, fieldName: string): boolean;
  /**
   * Does some field require a field of this name? The planner then fetches it under its own name, with arguments of its
   * own.
   */
  isRequired(fieldName: string): boolean;
  /**
   * @param content whatever tells this use of the field from others, as text
   * @returns a name that follows from the content alone. No field of the schema has it, and neither the planner nor a
   * batch makes up such a name.
   */
  nameOf(fieldName: string, content: string): string;
}

const cache = new WeakMap<SchemaGeneration, FieldNames>();

export function fieldNamesOf(generation: SchemaGeneration): FieldNames {
  const cachedNames = cache.get(generation);
  if (cachedNames !== undefined) return cachedNames;
  const names = readFieldNames(generation);
  cache.set(generation, names);
  return names;
}

/** Hexadecimal digits of a hash: enough for the few different uses of one document. */
const DIGITS = 12;

function readFieldNames({ supergraphSchema, supergraph }: SchemaGeneration): FieldNames {
  const taking = fieldsWithArguments(supergraphSchema);
  const required = requiredNames(supergraph.schema);
  const joiner = unusedJoiner(supergraphSchema);
  return {
    takesArguments: (typeName, fieldName) => taking.has(`${typeName}.${fieldName}`),
    isRequired: (fieldName) => required.has(fieldName),
    nameOf: (fieldName, content) => `${fieldName}${joiner}${hash("sha256", content, "hex").slice(0, DIGITS)}`,
  };
}

/**
 * `Type.field` of each. An object may be selected from as any of its interfaces: what one of these types declares
 * counts for all of them, so that a field of one object has one name however it was selected. Arguments that clients
 * cannot see count: requirements may give them.
 */
function fieldsWithArguments(schema: GraphQLSchema): ReadonlySet<string> {
  const found = new Set<string>();

  function add(typeName: string, fieldName: string): void {
    const key = `${typeName}.${fieldName}`;
    const type = schema.getType(typeName);
    if (found.has(key) || !(isObjectType(type) || isInterfaceType(type))) return;
    if (!Object.hasOwn(type.getFields(), fieldName)) return;
    found.add(key);
    for (const { name } of type.getInterfaces()) add(name, fieldName);
    if (!isInterfaceType(type)) return;
    const { objects, interfaces } = schema.getImplementations(type);
    for (const { name } of [...objects, ...interfaces]) add(name, fieldName);
  }

  for (const { typeName, field } of fieldsOf(schema)) if (field.args.length > 0) add(typeName, field.name);
  return found;
}

function* fieldsOf(schema: GraphQLSchema): Iterable<{ typeName: string; field: GraphQLField<unknown, unknown> }> {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) yield { typeName: type.name, field };
  }
}

/** Every name in a `requires`: more than the fields, where arguments are given. */
function requiredNames(schema: SchemaGeneration["supergraph"]["schema"]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const type of schema.types()) {
    if (type.kind !== "ObjectType" && type.kind !== "InterfaceType") continue;
    for (const field of type.fields()) {
      for (const join of field.appliedDirectivesOf("join__field")) {
        const requires: unknown = join.arguments()["requires"];
        if (typeof requires !== "string") continue;
        for (const [name] of requires.matchAll(/[_A-Za-z]\w*/g)) names.add(name);
      }
    }
  }
  return names;
}

/** What stands between a field's name and a hash, so that no field of the schema has a name of this form. */
function unusedJoiner(schema: GraphQLSchema): string {
  const names = new Set([...fieldsOf(schema)].map(({ field }) => field.name));
  let joiner = "_";
  const isTaken = (name: string) => new RegExp(`${joiner}[0-9a-f]{${DIGITS}}$`).test(name);
  while ([...names].some(isTaken)) joiner = `${joiner}_`;
  return joiner;
}
