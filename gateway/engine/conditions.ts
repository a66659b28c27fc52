/**
 * `@skip` and `@include` decide what an operation selects, by the variables of a request. Documents are planned without
 * them, once for each combination of conditions that is asked for. A plan for all combinations at once follows each one
 * separately. It fetches in more steps than any single combination needs.
 */
import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from "graphql";

/** Value of a variable in a condition. */
export type Holds = (variable: string) => boolean;

export const isCondition = ({ name }: DirectiveNode): boolean => name.value === "skip" || name.value === "include";

/** Variables that decide whether something is selected, sorted. */
export function conditionVariables(document: DocumentNode): string[] {
  const names = new Set<string>();
  visit(document, {
    Directive(node) {
      if (!isCondition(node)) return;
      for (const { value } of node.arguments ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names].sort();
}

/** A variable that decides whether something is selected, and where it does. */
export interface Condition {
  readonly variable: string;
  readonly directive: DirectiveNode;
}

/** Conditions of an operation and of what it spreads, however deep: one for each variable and directive. */
export function operationConditions(
  operation: OperationDefinitionNode,
  fragments: Readonly<Record<string, FragmentDefinitionNode>>,
): readonly Condition[] {
  const conditions = new Map<string, Condition>();
  const spread = new Set<string>();

  function collect(node: OperationDefinitionNode | FragmentDefinitionNode): void {
    visit(node, {
      Directive(directive) {
        const value = isCondition(directive) ? directive.arguments?.[0]?.value : undefined;
        if (value?.kind !== Kind.VARIABLE) return;
        const key = `${directive.name.value} ${value.name.value}`;
        if (!conditions.has(key)) conditions.set(key, { variable: value.name.value, directive });
      },
      FragmentSpread({ name }) {
        const fragment = fragments[name.value];
        if (fragment === undefined || spread.has(name.value)) return;
        spread.add(name.value);
        collect(fragment);
      },
    });
  }

  collect(operation);
  return [...conditions.values()];
}

/**
 * A variable with a default may be given null, and stand all the same where null may not. Source: GraphQL specification
 * (October 2021), "Allowing Optional Variables When Default Values Exist".
 * @returns an error for each condition that is neither true nor false
 */
export function nullConditions(
  conditions: readonly Condition[],
  coerced: Readonly<Record<string, unknown>>,
): readonly GraphQLError[] {
  return conditions.flatMap(({ variable, directive }) => {
    if (typeof coerced[variable] === "boolean") return [];
    const name = directive.name.value;
    const message = `Variable "$${variable}" must not be null: "@${name}(if: $${variable})" needs true or false.`;
    return [new GraphQLError(message, { nodes: directive })];
  });
}

export function isIncluded(directives: readonly DirectiveNode[] | undefined, holds: Holds): boolean {
  for (const directive of directives ?? []) {
    if (!isCondition(directive)) continue;
    const given = directive.arguments?.find((argument) => argument.name.value === "if")?.value;
    const value = given?.kind === Kind.VARIABLE ? holds(given.name.value) : given?.kind === Kind.BOOLEAN && given.value;
    if (value === (directive.name.value === "skip")) return false;
  }
  return true;
}

/**
 * The document with what is selected, and nothing else. What selects nothing any more selects `__typename`: it is there
 * all the same.
 */
export function withoutConditions(document: DocumentNode, holds: Holds): DocumentNode {
  function ofSet(set: SelectionSetNode): SelectionSetNode {
    const selections = set.selections.flatMap((selection) =>
      isIncluded(selection.directives, holds) ? ofSelection(selection) : [],
    );
    return { ...set, selections: selections.length > 0 ? selections : [TYPE_NAME] };
  }

  function ofSelection(selection: SelectionNode): SelectionNode {
    const directives = selection.directives?.filter((directive) => !isCondition(directive)) ?? [];
    if (selection.kind === Kind.FRAGMENT_SPREAD || selection.selectionSet === undefined) {
      return { ...selection, directives };
    }
    return { ...selection, directives, selectionSet: ofSet(selection.selectionSet) };
  }

  return {
    ...document,
    definitions: document.definitions.map((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION || definition.kind === Kind.FRAGMENT_DEFINITION
        ? { ...definition, selectionSet: ofSet(definition.selectionSet) }
        : definition,
    ),
  };
}

const TYPE_NAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };
