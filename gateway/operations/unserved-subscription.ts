/**
 * Subscriptions that a graph declares and this gateway does not serve: they get the same refusal over every transport.
 * Served are live fields (gateway/live), and only where there is an event log.
 */
import {
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";

/** The one field of a valid subscription, also behind fragments and conditions. */
export function subscriptionField(document: DocumentNode, operation: OperationDefinitionNode): FieldNode {
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );

  function find({ selections }: SelectionSetNode): FieldNode | undefined {
    for (const node of selections) {
      if (node.kind === Kind.FIELD) return node;
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      const found = fragment === undefined ? undefined : find(fragment.selectionSet);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  const field = find(operation.selectionSet);
  if (field === undefined) throw new Error("validation let a subscription without a field pass");
  return field;
}

export function subscriptionNotSupported(field: FieldNode): GraphQLError {
  const message = `This gateway does not serve Subscription.${field.name.value}: query what it tells about instead, or subscribe at the server that declares it.`;
  return new GraphQLError(message, {
    nodes: [field],
    extensions: { code: "SUBSCRIPTION_NOT_SUPPORTED", http: { status: 400 } },
  });
}
