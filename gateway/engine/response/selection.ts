/**
 * What an operation selects of an object of one type: fields in the order of the answer, equal names merged. Source:
 * GraphQL specification (October 2021), "CollectFields" and "MergeSelectionSets".
 */
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  isAbstractType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from "graphql";
import { type Holds, isIncluded } from "../conditions.ts";

export interface SelectionSource {
  readonly schema: GraphQLSchema;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly holds: Holds;
}

/** Response name → the nodes that select it. */
export type CollectedFields = ReadonlyMap<string, readonly FieldNode[]>;

/**
 * @param type of the object; an abstract one when the subgraph did not say which it is: no fragment was planned that
 * would need to know
 */
export function collectFields(
  source: SelectionSource,
  type: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
): CollectedFields {
  const fields = new Map<string, FieldNode[]>();
  const visited = new Set<string>();

  function collect(selectionSet: SelectionSetNode): void {
    for (const node of selectionSet.selections) {
      if (!isIncluded(node.directives, source.holds)) continue;
      if (node.kind === Kind.FIELD) {
        const name = node.alias?.value ?? node.name.value;
        const nodes = fields.get(name);
        if (nodes === undefined) fields.set(name, [node]);
        else nodes.push(node);
        continue;
      }
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        if (visited.has(node.name.value)) continue;
        visited.add(node.name.value);
      }
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? source.fragments[node.name.value] : node;
      if (fragment !== undefined && applies(source.schema, fragment.typeCondition?.name.value, type)) {
        collect(fragment.selectionSet);
      }
    }
  }

  for (const selectionSet of selectionSets) collect(selectionSet);
  return fields;
}

function applies(schema: GraphQLSchema, condition: string | undefined, type: GraphQLCompositeType): boolean {
  if (condition === undefined || condition === type.name) return true;
  const wanted = schema.getType(condition);
  if (!isAbstractType(wanted)) return false;
  if (isObjectType(type)) return schema.isSubType(wanted, type);
  return schema.getPossibleTypes(type).every((member) => schema.isSubType(wanted, member));
}
