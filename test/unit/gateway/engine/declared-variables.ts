// What a document declares of its variables.
import { getOperationAST, Kind, parse } from "graphql";
import { operationConditions } from "../../../../gateway/engine/conditions.ts";
import type { DeclaredVariables } from "../../../../gateway/engine/variables.ts";
import { variableFields } from "../../../../platform/graphql/argument-fields.ts";

export function declaredBy(document: string, name?: string): DeclaredVariables {
  const { definitions } = parse(document);
  const operation = getOperationAST({ kind: Kind.DOCUMENT, definitions }, name);
  if (operation == null) throw new Error("no operation");
  const fragments = Object.fromEntries(
    definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node]] : [])),
  );
  return {
    definitions: operation.variableDefinitions ?? [],
    conditions: operationConditions(operation, fragments),
    fields: () => variableFields([operation, ...Object.values(fragments)]),
  };
}

export const declaredAs = (variables: string) => declaredBy(`query (${variables}) { __typename }`);
