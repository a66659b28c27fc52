/**
 * Looks through an operation and the fragments that it reaches, each once, for whatever decides on names. Time linear
 * in the document.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";
import { isCondition } from "../conditions.ts";
import type { VariableUse } from "./variable-names.ts";

export interface SelectedField {
  readonly node: FieldNode;
  /** The type that it is selected of. */
  readonly parent: GraphQLCompositeType;
}

export interface Survey {
  /** In the order of the document, without what is asked about the schema. */
  readonly fields: readonly SelectedField[];
  readonly variableUses: readonly VariableUse[];
  /** Fragments that the operation reaches, in the order in which it does. */
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Response names of fields that carry directives other than conditions. */
  readonly directed: ReadonlySet<string>;
}

/** Answered by the gateway itself: they are never fetched. */
export const INTROSPECTION_FIELDS: ReadonlySet<string> = new Set(["__schema", "__type"]);

export const responseName = ({ alias, name }: FieldNode): string => (alias ?? name).value;

/** @param document valid */
export function surveyOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Survey {
  const definitions = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) definitions.set(node.name.value, node);
  }
  const fields: SelectedField[] = [];
  const variableUses: VariableUse[] = [];
  const fragments = new Map<string, FragmentDefinitionNode>();
  const directed = new Set<string>();

  function ofValue(value: ValueNode, place: string, holder: string): void {
    if (value.kind === Kind.VARIABLE) variableUses.push({ variable: value.name.value, place, holder });
    else if (value.kind === Kind.LIST) for (const item of value.values) ofValue(item, place, holder);
    else if (value.kind === Kind.OBJECT)
      for (const { name, value: inner } of value.fields) ofValue(inner, name.value, holder);
  }

  function ofArguments({
    name,
    arguments: given,
    directives,
  }: Pick<FieldNode, "name" | "arguments" | "directives">): void {
    for (const argument of given ?? []) ofValue(argument.value, argument.name.value, name.value);
    for (const directive of directives ?? []) ofArguments(directive);
  }

  function ofSet({ selections }: SelectionSetNode, parent: GraphQLCompositeType): void {
    for (const node of selections) {
      if (node.kind === Kind.FIELD) {
        if (INTROSPECTION_FIELDS.has(node.name.value)) continue;
        ofArguments(node);
        fields.push({ node, parent });
        if (node.directives?.some((directive) => !isCondition(directive))) directed.add(responseName(node));
        if (node.selectionSet !== undefined) ofSet(node.selectionSet, typeOfField(parent, node));
        continue;
      }
      for (const directive of node.directives ?? []) ofArguments(directive);
      if (node.kind === Kind.INLINE_FRAGMENT) {
        ofSet(node.selectionSet, conditionType(schema, node.typeCondition?.name.value, parent));
        continue;
      }
      const fragment = definitions.get(node.name.value);
      if (fragment === undefined || fragments.has(node.name.value)) continue;
      fragments.set(node.name.value, fragment);
      for (const directive of fragment.directives ?? []) ofArguments(directive);
      ofSet(fragment.selectionSet, conditionType(schema, fragment.typeCondition.name.value, parent));
    }
  }

  for (const directive of operation.directives ?? []) ofArguments(directive);
  ofSet(operation.selectionSet, rootTypeOf(schema, operation));
  return { fields, variableUses, fragments, directed };
}

export function rootTypeOf(schema: GraphQLSchema, { operation }: OperationDefinitionNode): GraphQLCompositeType {
  const root = schema.getRootType(operation);
  if (root == null) throw new Error(`the schema has no ${operation}`);
  return root;
}

/** The type that a fragment's selections are of. */
export function conditionType(
  schema: GraphQLSchema,
  condition: string | undefined,
  parent: GraphQLCompositeType,
): GraphQLCompositeType {
  const type = condition === undefined ? parent : schema.getType(condition);
  if (!isCompositeType(type)) throw new Error(`${condition} is no type of a fragment`);
  return type;
}

/** The named type of a field with a selection of its own. */
export function typeOfField(parent: GraphQLCompositeType, { name }: FieldNode): GraphQLCompositeType {
  const field = "getFields" in parent ? parent.getFields()[name.value] : undefined;
  const type = field === undefined ? undefined : getNamedType(field.type);
  if (!isCompositeType(type)) throw new Error(`${parent.name}.${name.value} has no selection`);
  return type;
}
