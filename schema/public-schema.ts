/**
 * What clients may see of the composed graph, as a rule: what the roots lead to, under names of the domain, and the
 * directives of GraphQL itself. Everything else is machinery: of federation (`_Entity`, `join__…`), of a specification
 * of our own (`live__…`), or of nobody.
 */
import {
  buildSchema,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
  isUnionType,
} from "graphql";
import { schemaParts } from "./schema-parts.ts";

/**
 * @param apiSdl the schema that clients see, as it is published or introspected
 * @returns one line for each part of it that is none of the clients' business
 */
export const checkPublicSchema = (apiSdl: string): string[] => {
  const schema = buildSchema(apiSdl);
  const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type));
  const reachable = reachableTypes(schema);
  return [
    ...schemaParts(schema)
      .filter(({ name }) => name.startsWith("_") || name.includes("__"))
      .map(({ coordinate }) => `${coordinate} is machinery, and clients would see it`),
    ...types
      .filter((type) => !reachable.has(type) && !isSpecifiedScalarType(type))
      .map(({ name }) => `${name} is shown to clients, but no operation leads to it`),
    ...schema
      .getDirectives()
      .filter((directive) => !isSpecifiedDirective(directive))
      .map(({ name }) => `@${name} is shown to clients, who can do nothing with it`),
  ];
};

const reachableTypes = (schema: GraphQLSchema): ReadonlySet<GraphQLNamedType> => {
  const reached = new Set<GraphQLNamedType>();
  const open: GraphQLNamedType[] = [
    schema.getQueryType(),
    schema.getMutationType(),
    schema.getSubscriptionType(),
  ].filter((type) => type != null);
  for (let type = open.pop(); type !== undefined; type = open.pop()) {
    if (reached.has(type)) continue;
    reached.add(type);
    open.push(...neighbours(schema, type));
  }
  return reached;
};

const neighbours = (schema: GraphQLSchema, type: GraphQLNamedType): GraphQLNamedType[] => {
  if (isUnionType(type)) return [...type.getTypes()];
  if (isInputObjectType(type)) return Object.values(type.getFields()).map((field) => getNamedType(field.type));
  if (!("getFields" in type)) return [];
  const fields = Object.values(type.getFields());
  return [
    ...fields.flatMap((field) => [field, ...field.args]).map((typed) => getNamedType(typed.type)),
    ...type.getInterfaces(),
    ...(isObjectType(type) ? [] : schema.getPossibleTypes(type)),
  ];
};
