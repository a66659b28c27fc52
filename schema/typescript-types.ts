/** The TypeScript of GraphQL's types, in terms of what `resolver-types.ts` prints around it: `Parent` and `Own`. */
import {
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLScalarType,
  isEnumType,
  isListType,
  isNonNullType,
  isScalarType,
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
  if (type === undefined) {
    throw new Error(`Scalar ${scalar.name} has no TypeScript type: add it to schema/typescript-types.ts`);
  }
  return type;
};

/** A description as a comment above what it describes. */
export const doc = (description: string | null | undefined, indent = ""): string =>
  description ? `${indent}/** ${description.replaceAll("*/", "*\\/").replaceAll("\n", `\n${indent} * `)} */\n` : "";

/** What an argument or a member of an input holds, unless it is null. */
export const inputType = (type: GraphQLInputType): string => {
  if (isNonNullType(type)) return inputType(type.ofType);
  if (isListType(type)) return `readonly ${element(inputType(type.ofType), !isNonNullType(type.ofType))}[]`;
  return isScalarType(type) ? scalarType(type) : type.name;
};

const element = (type: string, nullable: boolean): string => {
  if (nullable) return `(${type} | null)`;
  return type.startsWith("readonly ") ? `(${type})` : type;
};

/** What a field holds, unless it is null. */
export const outputType = (type: GraphQLOutputType): string => {
  if (isNonNullType(type)) return outputType(type.ofType);
  if (isListType(type)) return `readonly ${element(outputType(type.ofType), !isNonNullType(type.ofType))}[]`;
  if (isScalarType(type)) return scalarType(type);
  return isEnumType(type) ? type.name : `Parent<Own, "${type.name}">`;
};

/** What a resolver of a field may answer. */
export const resultType = (type: GraphQLOutputType): string =>
  isNonNullType(type) ? outputType(type) : `${outputType(type)} | null | undefined`;
