/** Fields that an operation selects and its plan never fetches, or fetches with other arguments. */
import { type DocumentNode, getOperationAST, Kind, type SelectionSetNode } from "graphql";
import { compositeName, type FederationFacts } from "./federation-facts.ts";
import { meaningOf } from "./field-sets.ts";
import type { PlanFault } from "./plan-check.ts";
import { fieldsAt, type Place } from "./planned-data.ts";

/** The gateway answers these by itself, and knows the type of an object from whatever was fetched of it. */
const OWN_FIELDS: readonly string[] = ["__schema", "__type", "__typename"];

/**
 * Only places are looked at whose objects have one type: of what stands at others, each subgraph may know some types
 * only, and a plan leaves out what no object can have.
 * @param data what it holds once the plan has run
 */
export function unansweredFields(
  document: DocumentNode,
  operationName: string | undefined,
  data: Place,
  facts: FederationFacts,
): PlanFault[] {
  const operation = getOperationAST(document, operationName);
  const root = operation == null ? undefined : facts.schema.getRootType(operation.operation)?.name;
  if (operation == null || root === undefined) throw new Error("the operation was not resolved");
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  const faults = new Map<string, PlanFault>();
  const seen = new Map<Place, Set<SelectionSetNode>>();

  function walk(selectionSet: SelectionSetNode, typeName: string, place: Place): void {
    // A fragment that is spread again at one place says nothing new.
    const looked = seen.get(place) ?? new Set();
    if (looked.has(selectionSet)) return;
    seen.set(place, looked.add(selectionSet));
    for (const selection of selectionSet.selections) {
      if (selection.kind !== Kind.FIELD) {
        const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
        const condition = fragment?.typeCondition?.name.value ?? typeName;
        if (fragment !== undefined && facts.possibleTypes(condition).has(typeName)) {
          walk(fragment.selectionSet, typeName, place);
        }
        continue;
      }
      const name = selection.name.value;
      if (OWN_FIELDS.includes(name)) continue;
      const found = fieldsAt([place], (selection.alias ?? selection.name).value, undefined, () => true);
      const wanted = meaningOf(selection);
      const other = found.find(({ meaning }) => meaning !== wanted);
      if (found.length === 0) note(`${typeName}.${name}`, "is fetched from no subgraph");
      if (other !== undefined) note(`${typeName}.${name}`, `is asked as ${wanted} and fetched as ${other.meaning}`);
      const inner = compositeName(facts.fieldType(typeName, name));
      if (selection.selectionSet === undefined || inner === undefined || !isObject(inner, facts)) continue;
      for (const { below } of found) walk(selection.selectionSet, inner, below);
    }
  }

  function note(field: string, reason: string): void {
    faults.set(`${field} ${reason}`, { field, reason });
  }

  walk(operation.selectionSet, root, data);
  return [...faults.values()];
}

function isObject(typeName: string, facts: FederationFacts): boolean {
  const possible = facts.possibleTypes(typeName);
  return possible.size === 1 && possible.has(typeName);
}
