/** Prints the TypeScript of one subgraph's schema: enums, inputs, arguments, and its resolver map (see resolver.ts). */
import {
  type GraphQLEnumType,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type GraphQLUnionType,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isNonNullType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  parse,
  type SelectionSetNode,
} from "graphql";
import { directiveArguments } from "./directives.ts";
import { doc, inputType, outputType, resultType } from "./typescript-types.ts";

const RESOLVER_TYPES = ["AbstractResolvers", "EntityResolvers", "Field", "ResolverMap", "TypeResolvers"];

/** Enums and inputs are printed under their own names, so they may have none of those that the module needs. */
const NAMES: ReadonlySet<string> = new Set([
  ...RESOLVER_TYPES,
  ...["AllResolvers", "DefaultParents", "Fields", "NoArgs", "NoParents", "Parent", "Resolvers", "ResolversOf"],
  ...["Context", "Date", "GraphQLScalarType", "Name", "Own", "Readonly", "Record"],
]);

const capitalise = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1);

interface InputMember {
  readonly name: string;
  readonly type: GraphQLInputType;
  readonly description?: string | null | undefined;
  readonly defaultValue?: unknown;
}

const inputMembers = (members: readonly InputMember[]): string =>
  members
    .map(({ name, type, description, defaultValue }) => {
      const optional = isNonNullType(type) || defaultValue !== undefined ? "" : "?";
      const nullable = isNonNullType(type) ? "" : " | null";
      return `${doc(description, "  ")}  readonly ${name}${optional}: ${inputType(type)}${nullable};\n`;
    })
    .join("");

const argsName = (parent: GraphQLObjectType, field: GraphQLField<unknown, unknown>): string =>
  field.args.length === 0 ? "NoArgs" : `${parent.name}${capitalise(field.name)}Args`;

const fieldsOf = (type: GraphQLObjectType): GraphQLField<unknown, unknown>[] =>
  Object.values(type.getFields()).filter(({ name }) => !name.startsWith("_"));

const isRoot = (schema: GraphQLSchema, type: GraphQLNamedType): boolean =>
  [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].some((root) => root === type);

/** Type and values share the enum's name: the values are for checks of what a database or an event holds. */
const printEnum = (type: GraphQLEnumType): string => {
  const values = type.getValues().map(({ name }) => `"${name}"`);
  return [
    `${doc(type.description)}export const ${type.name} = [${values.join(", ")}] as const;\n`,
    `export type ${type.name} = (typeof ${type.name})[number];\n`,
  ].join("");
};

const printInput = (type: GraphQLInputObjectType): string =>
  `${doc(type.description)}export interface ${type.name} {\n${inputMembers(Object.values(type.getFields()))}}\n`;

const printArgs = (type: GraphQLObjectType): string =>
  fieldsOf(type)
    .filter(({ args }) => args.length > 0)
    .map((field) => `export interface ${argsName(type, field)} {\n${inputMembers(field.args)}}\n`)
    .join("\n");

/**
 * An object that holds no other object has no use for the type parameter, and the compiler objects to an unused one.
 */
const objectName = (type: GraphQLObjectType, parameter: string): string => {
  const generic = fieldsOf(type).some((field) => field.args.length === 0 && outputType(field.type).includes("<Own,"));
  return `${type.name}Object${generic ? `<${parameter}>` : ""}`;
};

const printObject = (type: GraphQLObjectType): string => {
  const members = fieldsOf(type)
    .filter(({ args }) => args.length === 0)
    .map(({ name, type: fieldType, description }) => {
      const optional = isNonNullType(fieldType) ? "" : "?";
      return `${doc(description, "  ")}  readonly ${name}${optional}: ${resultType(fieldType)};\n`;
    });
  return `${doc(type.description)}export interface ${objectName(type, "Own = NoParents")} {\n${members.join("")}}\n`;
};

const printFields = (type: GraphQLObjectType): string =>
  `  readonly ${type.name}: {\n${fieldsOf(type)
    .map((field) => `    readonly ${field.name}: Field<${argsName(type, field)}, ${resultType(field.type)}>;\n`)
    .join("")}  };\n`;

const keyFields = (type: GraphQLObjectType): string[] =>
  directiveArguments(type.astNode, "key")
    .filter(({ resolvable }) => resolvable !== false)
    .map(({ fields }) => String(fields));

/**
 * What a reference holds of an entity, or of an object within it, by a key as it is written in `@key`: `id owner { id
 * }`.
 */
const keyMembers = (type: GraphQLNamedType, { selections }: SelectionSetNode): string =>
  selections
    .map((selection) => {
      const field = selection.kind === Kind.FIELD && isObjectType(type) ? type.getFields()[selection.name.value] : null;
      if (field == null) throw new Error(`${type.name}: resolver-types.ts cannot print a key with fragments`);
      const nested = selection.kind === Kind.FIELD ? selection.selectionSet : undefined;
      if (nested === undefined) return ` readonly ${field.name}: ${resultType(field.type)};`;
      const members = `{${keyMembers(getNamedType(field.type), nested)} }`;
      return ` readonly ${field.name}: ${members}${isNonNullType(field.type) ? "" : " | null | undefined"};`;
    })
    .join("");

const printReference = (type: GraphQLObjectType): string | undefined => {
  const references = keyFields(type).map((fields) => {
    const [key] = parse(`{ ${fields} }`).definitions;
    if (key?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`${type.name}: "${fields}" is no key`);
    return `{ readonly __typename: "${type.name}";${keyMembers(type, key.selectionSet)} }`;
  });
  return references.length === 0 ? undefined : references.join(" | ");
};

/** An interface may have no objects yet. */
const oneOf = (types: readonly string[]): string => (types.length === 0 ? "never" : types.join(" | "));

const typenames = (schema: GraphQLSchema, type: GraphQLInterfaceType | GraphQLUnionType): string[] =>
  schema.getPossibleTypes(type).map(({ name }) => name);

const printResolvers = (schema: GraphQLSchema, type: GraphQLNamedType): string => {
  if (isScalarType(type)) return "GraphQLScalarType | undefined";
  if (isAbstractType(type)) {
    const names = typenames(schema, type).map((name) => `"${name}"`);
    return `AbstractResolvers<Parent<Own, "${type.name}">, Context, ${oneOf(names)}>`;
  }
  if (!isObjectType(type) || isRoot(schema, type))
    return `TypeResolvers<unknown, Context, Fields<Own>["${type.name}"]>`;
  const reference = printReference(type);
  const parts = `Parent<Own, "${type.name}">, Context, Fields<Own>["${type.name}"]`;
  return reference === undefined ? `TypeResolvers<${parts}>` : `EntityResolvers<${parts}, ${reference}>`;
};

const printAbstractParent = (schema: GraphQLSchema, type: GraphQLInterfaceType | GraphQLUnionType): string => {
  const members = typenames(schema, type).map(
    (name) => `({ readonly __typename: "${name}" } & Parent<Own, "${name}">)`,
  );
  return `  readonly ${type.name}: ${oneOf(members)};\n`;
};

/** The compiler objects to an unused parameter, unless its name begins with an underscore. */
const parameter = (name: string, body: string): string => (new RegExp(`\\b${name}\\b`).test(body) ? name : `_${name}`);

const printDefaultParents = (schema: GraphQLSchema, types: readonly GraphQLNamedType[]): string => {
  const plain = types.filter(isObjectType).filter((type) => !isRoot(schema, type));
  const body = [
    ...plain.map((type) => `  readonly ${type.name}: ${objectName(type, "Own")};\n`),
    ...types.filter(isAbstractType).map((type) => printAbstractParent(schema, type)),
  ].join("");
  return `interface DefaultParents<${parameter("Own", body)}> {\n${body}}\n\n`;
};

const printAllFields = (types: readonly GraphQLNamedType[]): string => {
  const body = types.filter(isObjectType).map(printFields).join("");
  if (body === "") return "";
  return `interface Fields<${parameter("Own", body)}> {\n${body}}\n\n`;
};

const printAllResolvers = (schema: GraphQLSchema, types: readonly GraphQLNamedType[]): string => {
  const body = types
    .filter((type) => isObjectType(type) || isAbstractType(type))
    .map((type) => `  readonly ${type.name}: ${printResolvers(schema, type)};\n`)
    .join("");
  return `interface AllResolvers<${parameter("Context", body)}, ${parameter("Own", body)}> {\n${body}}\n\n`;
};

const printBody = (schema: GraphQLSchema, types: readonly GraphQLNamedType[]): string => {
  const objects = types.filter(isObjectType);
  const custom = types.filter(isScalarType);
  return [
    "export type NoArgs = Readonly<Record<never, never>>;\n",
    "/** Each object is as the schema shows it. */\nexport type NoParents = Readonly<Record<never, never>>;\n\n",
    [
      ...types.filter(isEnumType).map(printEnum),
      ...types.filter(isInputObjectType).map(printInput),
      ...objects.map(printArgs).filter((text) => text !== ""),
      ...objects.filter((type) => !isRoot(schema, type)).map(printObject),
    ].join("\n"),
    "\n",
    printDefaultParents(schema, types),
    "/** What the resolvers of a type receive: the subgraph's own parent type, or else an object as the schema shows it. */\n",
    "export type Parent<Own, Name extends keyof DefaultParents<Own>> = Name extends keyof Own\n",
    "  ? Own[Name]\n  : DefaultParents<Own>[Name];\n\n",
    printAllFields(types),
    printAllResolvers(schema, types),
    "/** The subgraph's resolver map. `Own` names the parent types that differ from the schema, e.g. `{ Invoice: InvoiceRow }`. */\n",
    "export type Resolvers<Context, Own = NoParents> = ResolverMap<AllResolvers<Context, Own>>",
    custom.length > 0 ? ` & {\n${custom.map(({ name }) => `  readonly ${name}?: GraphQLScalarType;\n`).join("")}}` : "",
    ";\n\n",
    "/** The resolvers of one type, for a file of its own. */\n",
    "export type ResolversOf<Name extends keyof AllResolvers<Context, Own>, Context, Own = NoParents> = AllResolvers<\n",
    "  Context,\n  Own\n>[Name];\n",
  ].join("");
};

const imported = (names: readonly string[], from: string, body: string): string => {
  const used = names.filter((name) => new RegExp(`\\b${name}\\b`).test(body));
  return used.length === 0 ? "" : `import type { ${used.join(", ")} } from "${from}";\n`;
};

/**
 * The module `schema/generated/<subgraph>.ts`, also of a subgraph without types of its own.
 * @throws Error for a scalar that has no TypeScript type, or a type whose name the module needs itself
 */
export const printResolverTypes = (schema: GraphQLSchema): string => {
  const types = Object.values(schema.getTypeMap())
    .filter((type) => !type.name.startsWith("_") && !type.name.includes("__"))
    .filter((type) => !(isScalarType(type) && isSpecifiedScalarType(type)))
    // Federation gives every subgraph a `Query` for its own fields.
    .filter((type) => !(isObjectType(type) && fieldsOf(type).length === 0))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const taken = types.find((type) => (isEnumType(type) || isInputObjectType(type)) && NAMES.has(type.name));
  if (taken !== undefined) throw new Error(`${taken.name} is a name that schema/generated uses itself: choose another`);
  const body = printBody(schema, types);
  return [
    imported(["GraphQLScalarType"], "graphql", body),
    imported(RESOLVER_TYPES, "../resolver.ts", body),
    "\n",
    body,
  ].join("");
};
