/**
 * The fields that an operation asks its root type for, fragments followed: one per name in the answer, as an executor
 * would run them.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import { isIncluded } from "../engine/conditions.ts";

/** @param variables coerced; a condition without a value is refused as soon as the operation is executed */
export function rootFields(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): readonly FieldNode[] {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const found = new Map<string, FieldNode>();
  const spread = new Set<string>();

  const holds = (variable: string): boolean => variables[variable] === true;

  function collect({ selections }: SelectionSetNode): void {
    for (const selection of selections) {
      if (!isIncluded(selection.directives, holds)) continue;
      switch (selection.kind) {
        case Kind.FIELD: {
          const name = (selection.alias ?? selection.name).value;
          if (!found.has(name)) found.set(name, selection);
          break;
        }
        case Kind.INLINE_FRAGMENT:
          collect(selection.selectionSet);
          break;
        case Kind.FRAGMENT_SPREAD: {
          const fragment = fragments.get(selection.name.value);
          if (fragment === undefined || spread.has(selection.name.value)) break;
          spread.add(selection.name.value);
          collect(fragment.selectionSet);
          break;
        }
      }
    }
  }

  collect(operation.selectionSet);
  return [...found.values()];
}
