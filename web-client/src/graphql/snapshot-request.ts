/**
 * Does a live document ask for a snapshot with these variables? Then its stream brings the state itself, and nobody
 * need fetch it.
 */
import { type DocumentNode, Kind, type OperationDefinitionNode, type SelectionSetNode, type ValueNode } from "graphql";

export function asksForSnapshot(document: DocumentNode, variables: Readonly<Record<string, unknown>>): boolean {
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  return (
    operation !== undefined && valueGiven(argumentOf(operation.selectionSet, document), operation, variables) === true
  );
}

/** The argument `snapshot` of the root field, also behind fragments. */
function argumentOf({ selections }: SelectionSetNode, document: DocumentNode): ValueNode | undefined {
  for (const node of selections) {
    if (node.kind === Kind.FIELD) {
      const found = node.arguments?.find(({ name }) => name.value === "snapshot");
      if (found !== undefined) return found.value;
      continue;
    }
    const fragment =
      node.kind === Kind.INLINE_FRAGMENT
        ? node
        : document.definitions.find((it) => it.kind === Kind.FRAGMENT_DEFINITION && it.name.value === node.name.value);
    const found =
      fragment !== undefined && "selectionSet" in fragment ? argumentOf(fragment.selectionSet, document) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function valueGiven(
  value: ValueNode | undefined,
  { variableDefinitions }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): unknown {
  if (value?.kind === Kind.BOOLEAN) return value.value;
  if (value?.kind !== Kind.VARIABLE) return undefined;
  const name = value.name.value;
  if (variables[name] !== undefined) return variables[name];
  const standard = variableDefinitions?.find(({ variable }) => variable.name.value === name)?.defaultValue;
  return standard?.kind === Kind.BOOLEAN ? standard.value : undefined;
}
