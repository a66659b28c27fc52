/** What a fetch of a plan sends of the entities that it asks about. */
import type { FetchNode, QueryPlanSelectionNode } from "@apollo/query-planner";
import { Kind, type SelectionNode } from "graphql";
import type { FederationFacts } from "./federation-facts.ts";
import { compositeName } from "./federation-facts.ts";
import { meaningOf } from "./field-sets.ts";
import { common, type Ended, fieldsAt, overlap, type Place } from "./planned-data.ts";

/** A field of a representation. */
export interface SentField {
  /** As the subgraph reads it. */
  readonly name: string;
  /** The response name under which the data holds it. */
  readonly readAs: string;
  /** Types of entities that it is sent of; absent: of all. */
  readonly types: ReadonlySet<string> | undefined;
  readonly below: readonly SentField[];
}

/** What is sent of the objects of some types. */
export interface SentEntity {
  readonly types: ReadonlySet<string>;
  /** What an object must be known to be, to be one of these. */
  readonly conditions: readonly string[];
  /** The type that the subgraph is told; absent: the object's own. */
  readonly sentTypename: string | undefined;
  readonly fields: readonly SentField[];
}

const FRAGMENT = "... on ";

/** Representations by type: types of which the same is sent are together. */
export function sentBy({ requires = [], inputRewrites = [] }: FetchNode, facts: FederationFacts): SentEntity[] {
  const renamed = new Map<string, string>();
  const typenames: { readonly types: ReadonlySet<string>; readonly as: string }[] = [];
  for (const rewrite of inputRewrites) {
    const [condition = "", last] = [rewrite.path[0], rewrite.path.at(-1)];
    if (rewrite.kind === "KeyRenamer") renamed.set(pathOf(rewrite.path), rewrite.renameKeyTo);
    else if (last === "__typename" && rewrite.path.length === 2 && typeof rewrite.setValueTo === "string") {
      typenames.push({ types: facts.possibleTypes(condition.slice(FRAGMENT.length)), as: rewrite.setValueTo });
    }
  }

  function fieldsOf(
    selections: readonly QueryPlanSelectionNode[],
    path: readonly string[],
    types: ReadonlySet<string> | undefined,
  ): SentField[] {
    return selections.flatMap((selection) => {
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition;
        const possible = condition === undefined ? types : facts.possibleTypes(condition);
        return fieldsOf(selection.selections, path, types && possible ? common(types, possible) : possible);
      }
      const readAs = selection.alias ?? selection.name;
      const own = [...path, readAs];
      const name = renamed.get(pathOf(own)) ?? selection.name;
      return [{ name, readAs, types, below: fieldsOf(selection.selections ?? [], own, undefined) }];
    });
  }

  const fragments = requires.flatMap((selection) => {
    if (selection.kind !== Kind.INLINE_FRAGMENT || selection.typeCondition === undefined) return [];
    const types = facts.possibleTypes(selection.typeCondition);
    return [{ types, conditions: [selection.typeCondition], fields: fieldsOf(selection.selections, [], undefined) }];
  });
  return byType(fragments).map((entity) => ({
    ...entity,
    sentTypename: typenames.find(({ types }) => overlap(types, entity.types))?.as,
  }));
}

type SentFragment = Omit<SentEntity, "sentTypename">;

/** An object is sent what all fragments for its type select. */
function byType(fragments: readonly SentFragment[]): readonly SentFragment[] {
  if (fragments.length === 1) return fragments;
  const groups = new Map<string, Set<string>>();
  for (const type of new Set(fragments.flatMap(({ types }) => [...types]))) {
    const key = fragments.map(({ types }) => (types.has(type) ? "1" : "0")).join("");
    groups.set(key, (groups.get(key) ?? new Set()).add(type));
  }
  return [...groups].map(([key, types]) => {
    const own = fragments.filter((_, index) => key[index] === "1");
    return {
      types,
      conditions: own.flatMap(({ conditions }) => conditions),
      fields: own.flatMap(({ fields }) => fields),
    };
  });
}

/** Without type conditions: response names tell fields of different types apart. */
function pathOf(path: readonly string[]): string {
  return path.filter((step) => !step.startsWith(FRAGMENT)).join("/");
}

/**
 * Types that a `__typename` must tell, so that it is known whether an object meets a condition. Absent: any will do,
 * since an interface is met by its own name.
 */
export function typesToSend(condition: string, facts: FederationFacts): ReadonlySet<string> | undefined {
  return facts.isAbstract(condition) ? undefined : facts.possibleTypes(condition);
}

/** Do the sent fields hold the whole field set? */
export function sendsAll(sent: readonly SentField[], fields: readonly SelectionNode[]): boolean {
  return fields.every((selection) => {
    if (selection.kind !== Kind.FIELD) return true;
    if (selection.name.value === "__typename") return true;
    const inner = selection.selectionSet?.selections ?? [];
    return sent.some(({ name, below }) => name === selection.name.value && sendsAll(below, inner));
  });
}

/**
 * Are required fields sent, and are they in the data what the requirement means?
 * @param types of the objects that have the fields
 */
export function sendsRequired(
  required: readonly SelectionNode[],
  sent: readonly SentField[],
  at: { readonly places: readonly Place[]; readonly parentType: string; readonly types: ReadonlySet<string> },
  facts: FederationFacts,
  ended: Ended,
): boolean {
  const { places, parentType, types } = at;
  return required.every((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return false;
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const condition = selection.typeCondition?.name.value ?? parentType;
      const part = { places, parentType: condition, types: common(types, facts.possibleTypes(condition)) };
      return part.types.size === 0 || sendsRequired(selection.selectionSet.selections, sent, part, facts, ended);
    }
    const name = selection.name.value;
    if (name === "__typename") return true;
    const matching = sent.filter((field) => field.name === name && (!field.types || overlap(field.types, types)));
    const type = compositeName(facts.fieldType(parentType, name));
    return (
      matching.length > 0 &&
      matching.every(({ readAs, below }) => {
        const found = fieldsAt(places, readAs, types, ended);
        if (found.length === 0 || found.some(({ meaning }) => meaning !== meaningOf(selection))) return false;
        if (selection.selectionSet === undefined || type === undefined) return true;
        const inner = { places: found.map((field) => field.below), parentType: type, types: facts.possibleTypes(type) };
        return sendsRequired(selection.selectionSet.selections, below, inner, facts, ended);
      })
    );
  });
}
