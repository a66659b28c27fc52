/** Answers `__schema` and `__type` from the schema that clients see; subgraphs are never asked. */
import {
  executeSync,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from "graphql";

export interface IntrospectionOptions {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** @returns the JSON text of the field that the nodes select */
export function introspect(
  { schema, operation, fragments, variables }: IntrospectionOptions,
  nodes: readonly FieldNode[],
): string {
  const used = new Set<string>();
  const definitions = Object.values(fragments);
  for (const node of [...nodes, ...definitions]) visit(node, { Variable: ({ name }) => void used.add(name.value) });
  const { data, errors } = executeSync({
    schema,
    document: {
      kind: Kind.DOCUMENT,
      definitions: [
        {
          kind: Kind.OPERATION_DEFINITION,
          operation: OperationTypeNode.QUERY,
          variableDefinitions: (operation.variableDefinitions ?? []).filter(({ variable }) =>
            used.has(variable.name.value),
          ),
          selectionSet: { kind: Kind.SELECTION_SET, selections: nodes },
        },
        ...definitions,
      ],
    },
    rootValue: {},
    variableValues: variables,
  });
  const [problem] = errors ?? [];
  if (problem !== undefined) throw problem;
  return JSON.stringify(Object.values(data ?? {})[0] ?? null);
}
