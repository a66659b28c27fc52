// What a server that keeps numbers in all their digits makes of literals and variables, and numbers that show it.
import {
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isInputType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  typeFromAST,
  type ValueNode,
  visit,
} from "graphql";
import { isExactNumber, readExact } from "./exact-json.ts";
import { EXACT_NUMBERS } from "./random-values.ts";

/** Of a custom scalar; now and then within something. */
export function anyNumber(hash: number): unknown {
  const found = JSON.rawJSON(EXACT_NUMBERS[hash % EXACT_NUMBERS.length] ?? "0");
  if (hash % 5 === 1) return [found, { in: found }];
  return hash % 5 === 2 ? { a: [found, "-0"], b: hash } : found;
}

/** In all digits: graphql-js makes doubles of them. */
export function exactLiteral(node: ValueNode, variables?: Record<string, unknown> | null): unknown {
  switch (node.kind) {
    case Kind.INT:
    case Kind.FLOAT:
      return readExact(node.value);
    case Kind.LIST:
      return node.values.map((item) => exactLiteral(item, variables));
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, exactLiteral(value, variables)]));
    case Kind.VARIABLE:
      return variables?.[node.name.value];
    case Kind.NULL:
      return null;
    default:
      return node.value;
  }
}

/** What a server makes of numbers in the places of built-in types: an ID's digits are text, others are doubles. */
export function variableValues(schema: GraphQLSchema, document: DocumentNode, given: unknown): Record<string, unknown> {
  const types = new Map<string, GraphQLInputType>();
  visit(document, {
    VariableDefinition({ variable, type }) {
      const found = typeFromAST(schema, type);
      if (isInputType(found)) types.set(variable.name.value, found);
    },
  });
  if (typeof given !== "object" || given === null) throw new Error("variables are an object");
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, declaredValue(value, types.get(name))] as const),
  );
}

function declaredValue(value: unknown, type: GraphQLInputType | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => declaredValue(item, type));
  const named = type === undefined ? undefined : getNamedType(type);
  const isBuiltIn = isScalarType(named) && isSpecifiedScalarType(named);
  if (isExactNumber(value) && isBuiltIn) return named.name === "ID" ? value.rawJSON : Number(value.rawJSON);
  if (!isInputObjectType(named) || typeof value !== "object" || value === null) return value;
  const fields = named.getFields();
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, declaredValue(member, fields[name]?.type)]),
  );
}
