/** The parts of a schema by their coordinates (https://spec.graphql.org/draft/#sec-Schema-Coordinates). */
import {
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isSpecifiedScalarType,
} from "graphql";

/** A type, field, argument, input field or enum value. */
export interface SchemaPart {
  /** e.g. `Invoice`, `Invoice.payments`, `Invoice.payments(first:)`, `InvoiceStatus.PAID` */
  readonly coordinate: string;
  readonly name: string;
  readonly description: string | null | undefined;
}

/** All parts of a schema, without those that GraphQL itself defines. */
export const schemaParts = (schema: GraphQLSchema): SchemaPart[] =>
  Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
    .flatMap(partsOf);

const partsOf = (type: GraphQLNamedType): SchemaPart[] => [
  { coordinate: type.name, name: type.name, description: type.description },
  ...membersOf(type),
];

const membersOf = (type: GraphQLNamedType): SchemaPart[] => {
  const named = ({ name, description }: Omit<SchemaPart, "coordinate">): SchemaPart => ({
    coordinate: `${type.name}.${name}`,
    name,
    description,
  });
  if (isEnumType(type)) return type.getValues().map(named);
  if (isInputObjectType(type)) return Object.values(type.getFields()).map(named);
  if (!("getFields" in type)) return [];
  return Object.values(type.getFields()).flatMap((field) => [
    named(field),
    ...field.args.map(({ name, description }) => ({
      coordinate: `${type.name}.${field.name}(${name}:)`,
      name,
      description,
    })),
  ]);
};
