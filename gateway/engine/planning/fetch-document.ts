/** What a fetch of a plan selects, read from its text, and where that stands in the data. */
import type { FetchNode } from "@apollo/query-planner";
import {
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  parse,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import type { FederationFacts } from "./federation-facts.ts";
import { compositeName, provisionOf } from "./federation-facts.ts";
import { meaningOf } from "./field-sets.ts";
import { addField, common, type Place, type PlannedField } from "./planned-data.ts";

export interface FetchDocument {
  /** Of the entities, or of the root. */
  readonly selectionSet: SelectionSetNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

export function readFetch({ operation, requires }: FetchNode): FetchDocument {
  const { definitions } = parse(operation, { noLocation: true });
  const fragments = new Map<string, FragmentDefinitionNode>();
  let selectionSet: SelectionSetNode | undefined;
  for (const definition of definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) selectionSet = definition.selectionSet;
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  if (requires !== undefined) {
    const [entities] = selectionSet?.selections ?? [];
    selectionSet = entities?.kind === Kind.FIELD ? entities.selectionSet : undefined;
  }
  if (selectionSet === undefined) throw new Error(`the plan holds a fetch without selections: ${operation}`);
  return { selectionSet, fragments };
}

/** A field that a fetch selects, where it selects it. */
export interface SelectedField {
  readonly node: FieldNode;
  /** The type that the selection is written for. */
  readonly parentType: string;
  /** Types of objects that it is selected of. */
  readonly types: ReadonlySet<string>;
  readonly place: Place;
  /** Of the entities themselves, which the fetch sends representations of, and of nothing below them. */
  readonly ofEntity: boolean;
  /** What the subgraph can tell at this place although it is external. */
  readonly provided: readonly SelectionNode[];
  readonly planned: PlannedField;
  readonly conflicts: readonly PlannedField[];
}

export interface Fetched {
  readonly fetch: FetchNode;
  readonly document: FetchDocument;
  /** Its place among the plan's fetches. */
  readonly number: number;
}

const NO_TYPES: ReadonlySet<string> = new Set();

/** Notes what a fetch brings to a place, field by field. */
export function addFields(
  { fetch, document, number }: Fetched,
  place: Place,
  facts: FederationFacts,
  onField: (field: SelectedField) => void,
): void {
  const renamed = renamedBy(fetch);

  function walk(
    { selections }: SelectionSetNode,
    at: Pick<SelectedField, "parentType" | "types" | "place" | "ofEntity" | "provided">,
  ): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const responseName = (selection.alias ?? selection.name).value;
        // The interface's name says of no object what it is.
        const isVague =
          selection.name.value === "__typename" && facts.isInterfaceObject(fetch.serviceName, at.parentType);
        const { field, conflicts } = addField(
          at.place,
          renamed.get(responseName) ?? responseName,
          meaningOf(selection),
          {
            fetch: number,
            types: isVague ? NO_TYPES : at.types,
          },
        );
        onField({ ...at, node: selection, planned: field, conflicts });
        if (selection.selectionSet === undefined) continue;
        const type = compositeName(facts.fieldType(at.parentType, selection.name.value));
        if (type === undefined) continue;
        const provided = [
          ...(provisionOf(at.provided, selection.name.value) ?? []),
          ...facts.providedBelow(fetch.serviceName, [at.parentType, ...at.types], selection.name.value),
        ];
        walk(selection.selectionSet, {
          parentType: type,
          types: facts.possibleTypes(type),
          place: field.below,
          ofEntity: false,
          provided,
        });
        continue;
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : document.fragments.get(selection.name.value);
      if (fragment === undefined) throw new Error(`the plan spreads an unknown fragment in ${fetch.operation}`);
      const condition = fragment.typeCondition?.name.value;
      if (condition === undefined) walk(fragment.selectionSet, at);
      else {
        const possible = facts.possibleTypes(condition);
        const types = at.parentType === "" ? possible : common(at.types, possible);
        walk(fragment.selectionSet, { ...at, parentType: condition, types });
      }
    }
  }

  // Of entities, only their conditions say what they are.
  const parentType = fetch.requires === undefined ? (facts.schema.getRootType(fetch.operationKind)?.name ?? "") : "";
  walk(document.selectionSet, {
    parentType,
    types: facts.possibleTypes(parentType),
    place,
    ofEntity: fetch.requires !== undefined,
    provided: [],
  });
}

/** Response names that are changed before the answer is taken into the data. */
function renamedBy({ outputRewrites }: FetchNode): ReadonlyMap<string, string> {
  return new Map(
    (outputRewrites ?? []).flatMap((rewrite) => {
      const name = rewrite.path.at(-1);
      return rewrite.kind === "KeyRenamer" && name !== undefined ? [[name, rewrite.renameKeyTo] as const] : [];
    }),
  );
}
