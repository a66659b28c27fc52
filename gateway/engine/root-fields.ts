/** The fields at the root of an operation, in the order in which they are answered. */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import { responseName } from "./canonical/survey.ts";
import { type Holds, isIncluded } from "./conditions.ts";

/**
 * By response name, the nodes that select a field, in the order of the document. Source: GraphQL specification (October
 * 2021), "CollectFields".
 * @param holds the values of variables in conditions
 */
export function rootSelections(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  holds: Holds,
): ReadonlyMap<string, readonly FieldNode[]> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const found = new Map<string, FieldNode[]>();
  const spread = new Set<string>();

  function collect({ selections }: SelectionSetNode): void {
    for (const node of selections) {
      if (!isIncluded(node.directives, holds)) continue;
      if (node.kind === Kind.FIELD) {
        const nodes = found.get(responseName(node));
        if (nodes === undefined) found.set(responseName(node), [node]);
        else nodes.push(node);
        continue;
      }
      // A root type is an object: whatever condition a fragment has there, it holds.
      if (node.kind === Kind.INLINE_FRAGMENT) collect(node.selectionSet);
      else if (!spread.has(node.name.value)) {
        spread.add(node.name.value);
        const fragment = fragments.get(node.name.value);
        if (fragment !== undefined) collect(fragment.selectionSet);
      }
    }
  }

  collect(operation.selectionSet);
  return found;
}

/**
 * Source: GraphQL specification (October 2021), "MergeSelectionSets": fields of one response name are one field, at the
 * place of the first.
 * @param document of one operation, without conditions
 */
export function rootFields(document: DocumentNode): readonly FieldNode[] {
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) return [];
  return [...rootSelections(document, operation, () => false).values()].flatMap(merged);
}

function merged([first, ...others]: readonly FieldNode[]): readonly FieldNode[] {
  if (first === undefined) return [];
  if (first.selectionSet === undefined || others.length === 0) return [first];
  const selections = [first, ...others].flatMap(({ selectionSet }) => selectionSet?.selections ?? []);
  return [{ ...first, selectionSet: { kind: Kind.SELECTION_SET, selections } }];
}

/** The same operation with these fields at its root. */
export function withRootFields(document: DocumentNode, fields: readonly FieldNode[]): DocumentNode {
  return {
    ...document,
    definitions: document.definitions.map((node) =>
      node.kind === Kind.OPERATION_DEFINITION
        ? { ...node, selectionSet: { kind: Kind.SELECTION_SET, selections: fields } }
        : node,
    ),
  };
}
