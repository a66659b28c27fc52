/**
 * Lossless numbers of an answer, by the types that the schema declares: custom scalars keep them, a Float and an Int
 * are doubles, an ID is a text. For @apollo/gateway's executor, which takes anything but JavaScript's own values for
 * wrong in a built-in type.
 */
import {
  type FragmentDefinitionNode,
  GraphQLID,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  OperationTypeNode,
  parse,
  type SelectionSetNode,
} from "graphql";
import { LRUCache } from "lru-cache";
import { isJsonObject, type JsonObject, readMember, writeMember } from "./json-object.ts";
import { holdsLossless, LosslessNumber } from "./lossless-number.ts";

/** @param text of the operation that the data answers. @returns the same data where nothing is changed, else a copy */
export type DeclareNumbers = (text: string, data: JsonObject) => JsonObject;

/** What is selected at a place. Response names that several types have are of one type. */
interface Shape {
  leaf: GraphQLNamedType | undefined;
  readonly members: Map<string, Shape>;
}

const MAX_SHAPES = 1_000;

/** @param schema with every type that subgraphs may answer, those included that clients do not see */
export function createDeclareNumbers(schema: GraphQLSchema): DeclareNumbers {
  const shapes = new LRUCache<string, Shape>({ max: MAX_SHAPES });

  function shapeOf(text: string): Shape {
    const shape = shapes.get(text) ?? readShape(schema, text);
    shapes.set(text, shape);
    return shape;
  }

  return (text, data) => {
    if (!holdsLossless(data)) return data;
    const declared = declare(data, shapeOf(text));
    return isJsonObject(declared) ? declared : data;
  };
}

function declare(value: unknown, shape: Shape): unknown {
  if (value instanceof LosslessNumber) return shape.leaf === undefined ? value : declaredNumber(value, shape.leaf);
  if (Array.isArray(value)) return value.map((item) => declare(item, shape));
  if (!isJsonObject(value)) return value;
  const copy = { ...value };
  for (const [name, inner] of shape.members) {
    const member = readMember(value, name);
    if (member !== undefined) writeMember(copy, name, declare(member, inner));
  }
  return copy;
}

/** What a number is in the place of a leaf of this type. */
export function declaredNumber(number: LosslessNumber, type: GraphQLNamedType): unknown {
  if (type === GraphQLID || type.name === GraphQLID.name) return number.toIdText();
  return isScalarType(type) && !isSpecifiedScalarType(type) ? number : number.toNumber();
}

function readShape(schema: GraphQLSchema, text: string): Shape {
  const { definitions } = parse(text, { noLocation: true });
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const operation = definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  const root: Shape = { leaf: undefined, members: new Map() };

  function collect(set: SelectionSetNode, type: GraphQLNamedType | undefined, into: Shape): void {
    for (const node of set.selections) {
      if (node.kind !== Kind.FIELD) {
        const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
        const condition = fragment?.typeCondition?.name.value;
        const own = condition === undefined ? type : schema.getType(condition);
        if (fragment !== undefined) collect(fragment.selectionSet, own, into);
        continue;
      }
      const name = (node.alias ?? node.name).value;
      const inner = into.members.get(name) ?? { leaf: undefined, members: new Map() };
      into.members.set(name, inner);
      // `_entities` is no field of the supergraph: its fragments name types.
      const fieldType = typeOfField(type, node.name.value);
      if (isLeafType(fieldType)) inner.leaf = fieldType;
      if (node.selectionSet !== undefined) collect(node.selectionSet, fieldType, inner);
    }
  }

  const rootType = schema.getRootType(operation?.operation ?? OperationTypeNode.QUERY);
  if (operation !== undefined) collect(operation.selectionSet, rootType ?? undefined, root);
  return root;
}

function typeOfField(type: GraphQLNamedType | undefined, name: string): GraphQLNamedType | undefined {
  if (!isObjectType(type) && !isInterfaceType(type)) return undefined;
  const fields = type.getFields();
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return field === undefined ? undefined : getNamedType(field.type);
}
