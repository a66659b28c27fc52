// Every call that the schema offers and that takes an id: made up from the schema, so that a new field is covered by
// itself.
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isUnionType,
  type OperationTypeNode,
} from "graphql";
import { type IdPosition, PUBLIC_KINDS, sampleValue } from "./sample-values.ts";

export interface SchemaCall {
  /** e.g. `mutation invoicePay(input.id)`. */
  readonly title: string;
  readonly operation: OperationTypeNode;
  readonly field: string;
  readonly document: string;
  /** Position of the id that is put to the test. */
  readonly probed: IdPosition;
  /** Variables with `id` at the probed position and the caller's own ids at the others. */
  variables(id: string, own: (kind: string) => string): Record<string, unknown>;
}

/** Deep enough to show an object's own values, shallow enough for the gateway's limits. */
const SELECTION_DEPTH = 1;

/** One call per field and id position. Ids that belong to nobody are not probed. */
export function callsWithIds(schema: GraphQLSchema, operation: OperationTypeNode): SchemaCall[] {
  const root = schema.getRootType(operation);
  if (root == null) return [];
  return Object.values(root.getFields()).flatMap((field) =>
    idPositions(field)
      .filter(({ kind }) => !PUBLIC_KINDS.has(kind))
      .map((probed) => ({
        title: `${operation} ${field.name}(${probed.path})`,
        operation,
        field: field.name,
        document: documentFor(schema, operation, field),
        probed,
        variables: (id, own) => variablesFor(field, ({ path, kind }) => (path === probed.path ? id : own(kind))),
      })),
  );
}

function idPositions(field: GraphQLField<unknown, unknown>): IdPosition[] {
  const positions: IdPosition[] = [];
  variablesFor(field, (position) => {
    positions.push(position);
    return "";
  });
  return positions;
}

function variablesFor(
  field: GraphQLField<unknown, unknown>,
  idAt: (position: IdPosition) => string,
): Record<string, unknown> {
  const values = field.args.map((argument) => [
    argument.name,
    sampleValue(argument.type, argument.name, argument.name, { fieldName: field.name, idAt }),
  ]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function documentFor(
  schema: GraphQLSchema,
  operation: OperationTypeNode,
  field: GraphQLField<unknown, unknown>,
): string {
  const declared = field.args.map(({ name, type }) => `$${name}: ${type.toString()}`).join(", ");
  const passed = field.args.map(({ name }) => `${name}: $${name}`).join(", ");
  const selection = selectionOf(schema, getNamedType(field.type), SELECTION_DEPTH);
  return `${operation} Probe(${declared}) { ${field.name}(${passed}) ${selection} }`;
}

/** Everything without required arguments, `depth` objects deep; of an interface or union, every possible type. */
export function selectionOf(schema: GraphQLSchema, type: GraphQLNamedType, depth: number): string {
  if (isLeafType(type)) return "";
  if (isInterfaceType(type) || isUnionType(type)) {
    // An interface's implementations may disagree about a field's type; a union's are asked one by one, too, but theirs
    // agree.
    if (isInterfaceType(type)) return "{ __typename }";
    const members = schema
      .getPossibleTypes(type)
      .map((member) => `... on ${member.name} ${selectionOf(schema, member, depth)}`);
    return `{ __typename ${members.join(" ")} }`;
  }
  if (!isObjectType(type)) throw new Error(`cannot select from ${type.name}`);
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type);
    if (field.args.some((argument) => argument.type.toString().endsWith("!"))) return [];
    const page = field.args.some(({ name }) => name === "first") ? "(first: 5)" : "";
    if (isLeafType(inner)) return [`${field.name}${page}`];
    return depth > 0 ? [`${field.name}${page} ${selectionOf(schema, inner, depth - 1)}`] : [];
  });
  return `{ __typename ${fields.join(" ")} }`;
}
