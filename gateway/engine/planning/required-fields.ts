/**
 * Adds to an operation the fields that its own fields require, and the fields that those require in turn. So a planner
 * that ignores requirements fetches all of them.
 */
import {
  type DocumentNode,
  type FieldNode,
  getOperationAST,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from "graphql";
import { compositeName, type FederationFacts, type Requirement } from "./federation-facts.ts";
import { meaningOf } from "./field-sets.ts";

/** Response names of required fields. */
export interface RequiredNames {
  of(field: FieldNode): string;
}

export interface ExpandedOperation {
  readonly document: DocumentNode;
  readonly names: RequiredNames;
}

/**
 * @param document valid, without conditions
 * @param internalName a response name that only this field with these arguments has
 */
export function withRequiredFields(
  document: DocumentNode,
  operationName: string | undefined,
  facts: FederationFacts,
  internalName: (field: FieldNode) => string,
): ExpandedOperation {
  const uses = usesIn(document);
  expand(document, operationName, facts, (field) => {
    note(uses, field.name.value, meaningOf(field));
    return internalName(field);
  });
  // What means the same wherever its name stands keeps the name, and is fetched once for the client and for all
  // requirements.
  const isPlain = ({ name }: FieldNode) => uses.get(name.value)?.size === 1;
  const names = { of: (field: FieldNode) => (isPlain(field) ? field.name.value : internalName(field)) };
  return { document: expand(document, operationName, facts, names.of), names };
}

/** Meanings of response names. */
type Uses = Map<string, Set<string>>;

function note(uses: Uses, responseName: string, meaning: string): void {
  uses.set(responseName, (uses.get(responseName) ?? new Set()).add(meaning));
}

/** What a document means by each response name. */
function usesIn(document: DocumentNode): Uses {
  const uses: Uses = new Map();
  visit(document, {
    Field(field) {
      note(uses, (field.alias ?? field.name).value, meaningOf(field));
    },
  });
  return uses;
}

function expand(
  document: DocumentNode,
  operationName: string | undefined,
  facts: FederationFacts,
  nameOf: (field: FieldNode) => string,
): DocumentNode {
  const operation = getOperationAST(document, operationName);
  const root = operation == null ? undefined : facts.schema.getRootType(operation.operation)?.name;
  if (root === undefined) throw new Error("the operation was not resolved");
  const rootType = root;

  /** @param open requirements that are being selected around this place: what requires itself has no end */
  function ofSet({ selections }: SelectionSetNode, parentType: string, open: readonly Requirement[]): SelectionSetNode {
    const required = selections.flatMap((selection) =>
      selection.kind === Kind.FIELD ? requiredBy(selection, parentType, open) : [],
    );
    const own = selections.map((selection) => ofSelection(selection, parentType, open));
    return { kind: Kind.SELECTION_SET, selections: [...own, ...required] };
  }

  function ofSelection(selection: SelectionNode, parentType: string, open: readonly Requirement[]): SelectionNode {
    if (selection.kind === Kind.FRAGMENT_SPREAD || selection.selectionSet === undefined) return selection;
    const type =
      selection.kind === Kind.FIELD
        ? compositeName(facts.fieldType(parentType, selection.name.value))
        : (selection.typeCondition?.name.value ?? parentType);
    if (type === undefined) return selection;
    return { ...selection, selectionSet: ofSet(selection.selectionSet, type, open) };
  }

  function requiredBy(field: FieldNode, parentType: string, open: readonly Requirement[]): SelectionNode[] {
    const byRequirement = new Map<Requirement, string[]>();
    for (const type of facts.possibleTypes(parentType)) {
      for (const requirement of facts.requirementsOf(type, field.name.value)) {
        if (open.includes(requirement)) continue;
        if (facts.isLocal(requirement.subgraph, requirement.type, requirement.fields, [])) continue;
        byRequirement.set(requirement, [...(byRequirement.get(requirement) ?? []), type]);
      }
    }
    return [...byRequirement].flatMap(([requirement, types]) => {
      const conditions = requirement.type === parentType ? [parentType] : types;
      return conditions.map((condition): SelectionNode => {
        const fields = { kind: Kind.SELECTION_SET, selections: requirement.fields.map(named) } as const;
        return {
          kind: Kind.INLINE_FRAGMENT,
          typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: condition } },
          selectionSet: ofSet(fields, condition, [...open, requirement]),
        };
      });
    });
  }

  function named(selection: SelectionNode): SelectionNode {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return selection;
    const selectionSet = selection.selectionSet && {
      ...selection.selectionSet,
      selections: selection.selectionSet.selections.map(named),
    };
    if (selection.kind === Kind.INLINE_FRAGMENT) return { ...selection, selectionSet: selectionSet ?? NO_SELECTIONS };
    const name = nameOf(selection);
    return {
      ...selection,
      ...(name === selection.name.value ? {} : { alias: { kind: Kind.NAME, value: name } }),
      ...(selectionSet === undefined ? {} : { selectionSet }),
    };
  }

  return {
    ...document,
    definitions: document.definitions.map((definition) => {
      if (definition.kind === Kind.OPERATION_DEFINITION && definition === operation) {
        return { ...definition, selectionSet: ofSet(definition.selectionSet, rootType, []) };
      }
      if (definition.kind !== Kind.FRAGMENT_DEFINITION) return definition;
      return { ...definition, selectionSet: ofSet(definition.selectionSet, definition.typeCondition.name.value, []) };
    }),
  };
}

const NO_SELECTIONS: SelectionSetNode = { kind: Kind.SELECTION_SET, selections: [] };
