/** Prints the TypeScript of one subgraph's schema: enums, inputs, arguments, and its resolver map (see resolver.ts). */
import {
  type GraphQLEnumType,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLScalarType,
  type GraphQLSchema,
  type GraphQLUnionType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
} from "graphql";

/** TypeScript of each scalar, as resolvers and arguments see it. */
const scalarTypes: Readonly<Record<string, string>> = {
  ID: "string",
  String: "string",
  Int: "number",
  Float: "number",
  Boolean: "boolean",
  BigInt: "bigint",
  DateTime: "Date",
  EmailAddress: "string",
  CurrencyCode: "string",
  JSON: "unknown",
};

const scalarType = (scalar: GraphQLScalarType): string => {
  const type = scalarTypes[scalar.name];
  if (type === undefined) throw new Error(`Scalar ${scalar.name} has no TypeScript type: add it to resolver-types.ts`);
  return type;
};

const doc = (description: string | null | undefined, indent = ""): string =>
  description ? `${indent}/** ${description.replaceAll("*/", "*\\/").replaceAll("\n", `\n${indent} * `)} */\n` : "";

const capitalise = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1);

const inputType = (type: GraphQLInputType): string => {
  if (isNonNullType(type)) return inputType(type.ofType);
  if (isListType(type)) return `readonly ${element(inputType(type.ofType), !isNonNullType(type.ofType))}[]`;
  return isScalarType(type) ? scalarType(type) : type.name;
};

const element = (type: string, nullable: boolean): string => {
  if (nullable) return `(${type} | null)`;
  return type.startsWith("readonly ") ? `(${type})` : type;
};

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

const outputType = (type: GraphQLOutputType): string => {
  if (isNonNullType(type)) return outputType(type.ofType);
  if (isListType(type)) return `readonly ${element(outputType(type.ofType), !isNonNullType(type.ofType))}[]`;
  if (isScalarType(type)) return scalarType(type);
  return isEnumType(type) ? type.name : `Parent<Own, "${type.name}">`;
};

const resultType = (type: GraphQLOutputType): string =>
  isNonNullType(type) ? outputType(type) : `${outputType(type)} | null | undefined`;

const argsName = (parent: GraphQLObjectType, field: GraphQLField<unknown, unknown>): string =>
  field.args.length === 0 ? "NoArgs" : `${parent.name}${capitalise(field.name)}Args`;

const fieldsOf = (type: GraphQLObjectType): GraphQLField<unknown, unknown>[] =>
  Object.values(type.getFields()).filter(({ name }) => !name.startsWith("_"));

const isRoot = ({ name }: GraphQLNamedType): boolean => name === "Query" || name === "Mutation";

const printEnum = (type: GraphQLEnumType): string =>
  `${doc(type.description)}export type ${type.name} = ${type
    .getValues()
    .map(({ name }) => `"${name}"`)
    .join(" | ")};\n`;

const printInput = (type: GraphQLInputObjectType): string =>
  `${doc(type.description)}export interface ${type.name} {\n${inputMembers(Object.values(type.getFields()))}}\n`;

const printArgs = (type: GraphQLObjectType): string =>
  fieldsOf(type)
    .filter(({ args }) => args.length > 0)
    .map((field) => `export interface ${argsName(type, field)} {\n${inputMembers(field.args)}}\n`)
    .join("\n");

/** An object that holds no other object has no use for the type parameter, and the compiler objects to an unused one. */
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
  (type.astNode?.directives ?? [])
    .filter(({ name }) => name.value === "key")
    .flatMap(({ arguments: args = [] }) => {
      const of = (name: string) => args.find((arg) => arg.name.value === name)?.value;
      const resolvable = of("resolvable");
      if (resolvable?.kind === "BooleanValue" && !resolvable.value) return [];
      const fields = of("fields");
      return fields?.kind === "StringValue" ? [fields.value] : [];
    });

const printReference = (type: GraphQLObjectType): string | undefined => {
  const references = keyFields(type).map((fields) => {
    if (/[{}]/.test(fields)) throw new Error(`${type.name}: nested key fields are not supported by resolver-types.ts`);
    const members = fields
      .trim()
      .split(/\s+/)
      .map((name) => {
        const field = type.getFields()[name];
        return field === undefined ? "" : ` readonly ${name}: ${resultType(field.type)};`;
      });
    return `{ readonly __typename: "${type.name}";${members.join("")} }`;
  });
  return references.length === 0 ? undefined : references.join(" | ");
};

const typenames = (schema: GraphQLSchema, type: GraphQLInterfaceType | GraphQLUnionType): string[] =>
  schema.getPossibleTypes(type).map(({ name }) => name);

const printResolvers = (schema: GraphQLSchema, type: GraphQLNamedType): string => {
  if (isScalarType(type)) return "GraphQLScalarType | undefined";
  if (isAbstractType(type)) {
    const names = typenames(schema, type).map((name) => `"${name}"`);
    return `AbstractResolvers<Parent<Own, "${type.name}">, Context, ${names.join(" | ")}>`;
  }
  if (!isObjectType(type) || isRoot(type)) return `TypeResolvers<unknown, Context, Fields<Own>["${type.name}"]>`;
  const reference = printReference(type);
  const parts = `Parent<Own, "${type.name}">, Context, Fields<Own>["${type.name}"]`;
  return reference === undefined ? `TypeResolvers<${parts}>` : `EntityResolvers<${parts}, ${reference}>`;
};

const printAbstractParent = (schema: GraphQLSchema, type: GraphQLInterfaceType | GraphQLUnionType): string => {
  const members = typenames(schema, type).map(
    (name) => `({ readonly __typename: "${name}" } & Parent<Own, "${name}">)`,
  );
  return `  readonly ${type.name}: ${members.join(" | ")};\n`;
};

/** The module `schema/generated/<subgraph>.ts`. */
export const printResolverTypes = (schema: GraphQLSchema): string => {
  const types = Object.values(schema.getTypeMap())
    .filter((type) => !type.name.startsWith("_") && !type.name.includes("__"))
    .filter((type) => !(isScalarType(type) && isSpecifiedScalarType(type)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const objects = types.filter(isObjectType);
  const abstracts = types.filter(isAbstractType);
  const plain = objects.filter((type) => !isRoot(type));
  const own = types.filter((type) => isObjectType(type) || isAbstractType(type));
  const custom = types.filter(isScalarType);
  const entities = plain.some((type) => printReference(type) !== undefined);
  const generic = ["Field", "ResolverMap", "TypeResolvers"];
  if (abstracts.length > 0) generic.push("AbstractResolvers");
  if (entities) generic.push("EntityResolvers");

  return [
    custom.length > 0 ? 'import type { GraphQLScalarType } from "graphql";\n' : "",
    `import type { ${generic.sort().join(", ")} } from "../resolver.ts";\n\n`,
    "export type NoArgs = Readonly<Record<never, never>>;\n",
    "/** Each object is as the schema shows it. */\nexport type NoParents = Readonly<Record<never, never>>;\n\n",
    [
      ...types.filter(isEnumType).map(printEnum),
      ...types.filter(isInputObjectType).map(printInput),
      ...objects.map(printArgs).filter((text) => text !== ""),
      ...plain.map(printObject),
    ].join("\n"),
    "\ninterface DefaultParents<Own> {\n",
    ...plain.map((type) => `  readonly ${type.name}: ${objectName(type, "Own")};\n`),
    ...abstracts.map((type) => printAbstractParent(schema, type)),
    "}\n\n",
    "/** What the resolvers of a type receive: the subgraph's own parent type, or else an object as the schema shows it. */\n",
    "export type Parent<Own, Name extends keyof DefaultParents<Own>> = Name extends keyof Own\n",
    "  ? Own[Name]\n  : DefaultParents<Own>[Name];\n\n",
    "interface Fields<Own> {\n",
    ...objects.map(printFields),
    "}\n\n",
    "interface AllResolvers<Context, Own> {\n",
    ...own.map((type) => `  readonly ${type.name}: ${printResolvers(schema, type)};\n`),
    "}\n\n",
    "/** The subgraph's resolver map. `Own` names the parent types that differ from the schema, e.g. `{ Invoice: InvoiceRow }`. */\n",
    "export type Resolvers<Context, Own = NoParents> = ResolverMap<AllResolvers<Context, Own>>",
    custom.length > 0 ? ` & {\n${custom.map(({ name }) => `  readonly ${name}?: GraphQLScalarType;\n`).join("")}}` : "",
    ";\n\n",
    "/** The resolvers of one type, for a file of its own. */\n",
    "export type ResolversOf<Name extends keyof AllResolvers<Context, Own>, Context, Own = NoParents> = AllResolvers<\n",
    "  Context,\n  Own\n>[Name];\n",
  ].join("");
};
