/**
 * A document as it is planned: what is selected several times at one place is written once. The planner makes a group
 * of ways for each time it meets a field, and only then finds that they are the same.
 */
import {
  type DocumentNode,
  type FieldNode,
  type InlineFragmentNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";

/**
 * @param document valid, without conditions: fields of one name in an answer are the same field with the same arguments
 */
export function mergeSelections(document: DocumentNode): DocumentNode {
  return {
    ...document,
    definitions: document.definitions.map((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION || definition.kind === Kind.FRAGMENT_DEFINITION
        ? { ...definition, selectionSet: merge([definition.selectionSet]) }
        : definition,
    ),
  };
}

interface Group {
  readonly node: FieldNode | InlineFragmentNode;
  readonly sets: SelectionSetNode[];
}

function merge(sets: readonly SelectionSetNode[]): SelectionSetNode {
  const groups = new Map<string, Group>();
  const others = new Map<string, SelectionNode>();

  function add(key: string, node: FieldNode | InlineFragmentNode): void {
    const group = groups.get(key) ?? { node, sets: [] };
    if (node.selectionSet !== undefined) group.sets.push(node.selectionSet);
    groups.set(key, group);
  }

  function collect(selection: SelectionNode): void {
    // A directive may be about the one place where it stands.
    const key = selection.directives?.length ? `directed ${groups.size + others.size}` : undefined;
    switch (selection.kind) {
      case Kind.FIELD:
        add(key ?? `field ${(selection.alias ?? selection.name).value}`, selection);
        break;
      case Kind.INLINE_FRAGMENT:
        if (key === undefined && selection.typeCondition === undefined) {
          for (const inner of selection.selectionSet.selections) collect(inner);
        } else add(key ?? `on ${selection.typeCondition?.name.value}`, selection);
        break;
      case Kind.FRAGMENT_SPREAD:
        others.set(key ?? `spread ${selection.name.value}`, selection);
        break;
    }
  }

  for (const { selections } of sets) for (const selection of selections) collect(selection);
  const merged = [...groups.values()].map(
    ({ node, sets: below }): SelectionNode => (below.length === 0 ? node : { ...node, selectionSet: merge(below) }),
  );
  return { kind: Kind.SELECTION_SET, selections: [...merged, ...others.values()] };
}
