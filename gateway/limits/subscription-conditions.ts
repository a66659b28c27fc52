/**
 * Refuses `@skip` and `@include` on the way to the root field of a subscription: without its only field there is
 * nothing to follow. Checked before validation, since graphql-js 16 throws there when a variable decides.
 */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  OperationTypeNode,
  type SelectionNode,
} from "graphql";

/** @throws GraphQLError `GRAPHQL_VALIDATION_FAILED` */
export function refuseSubscriptionConditions(document: DocumentNode): void {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    if (definition.operation === OperationTypeNode.SUBSCRIPTION) look(document, definition.selectionSet.selections);
  }
}

function look(document: DocumentNode, root: readonly SelectionNode[]): void {
  const seen = new Set<FragmentDefinitionNode>();
  const waiting = [...root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const condition = node.directives?.find(({ name }) => name.value === "skip" || name.value === "include");
    if (condition !== undefined) {
      const message = `@${condition.name.value} on the root field of a subscription: leave the whole subscription out instead.`;
      throw new GraphQLError(message, {
        nodes: condition,
        extensions: { code: "GRAPHQL_VALIDATION_FAILED", http: { status: 400 } },
      });
    }
    if (node.kind === Kind.INLINE_FRAGMENT) waiting.push(...node.selectionSet.selections);
    if (node.kind !== Kind.FRAGMENT_SPREAD) continue;
    const fragment = fragmentNamed(document, node.name.value);
    if (fragment === undefined || seen.has(fragment)) continue;
    seen.add(fragment);
    waiting.push(...fragment.selectionSet.selections);
  }
}

function fragmentNamed(document: DocumentNode, name: string): FragmentDefinitionNode | undefined {
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === name) return node;
  }
  return undefined;
}
