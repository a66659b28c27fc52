/**
 * The keys of every entity in an answer, fetched beside what the client selects: what an answer is made of is then in
 * the fetched data.
 */
import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLNamedType,
  isCompositeType,
  isInterfaceType,
  Kind,
  type SelectionNode,
} from "graphql";
import type { InternalNames } from "../../engine/canonical/canonical-operation.ts";
import type { SchemaGeneration } from "../../ports.ts";
import { entityKeysOf, membersOf } from "./entity-keys.ts";

export interface KeySelections {
  /** To be selected of objects of the type. */
  of(type: GraphQLCompositeType): readonly SelectionNode[];
  /** What keys are called in the data of a selection of this type, whichever of its types the object has. */
  names(type: GraphQLNamedType): readonly string[];
}

interface KeyField {
  readonly type: GraphQLCompositeType;
  readonly field: string;
}

export function keySelections(generation: SchemaGeneration, names: Pick<InternalNames, "plain">): KeySelections {
  const { apiSchema } = generation;
  const keys = entityKeysOf(generation);
  const selectionsByType = new Map<string, readonly SelectionNode[]>();

  /**
   * The types by whose keys its objects are known: an interface that has the key itself needs no look at its members.
   */
  function keyTypes(type: GraphQLNamedType): readonly GraphQLNamedType[] {
    const members = membersOf(apiSchema, type);
    return members.length === 0 || keys.ofType(type).length > 0 ? [type] : members;
  }

  /** Keys that an interface is not declared to have, but that all its members have in common. */
  function commonKeys(type: GraphQLNamedType): readonly string[] {
    const own = keys.ofType(type);
    if (own.length > 0 || !isInterfaceType(type)) return own;
    const fields = type.getFields();
    const [first, ...others] = membersOf(apiSchema, type).map((member) => keys.ofType(member));
    return (first ?? []).filter(
      (name) => Object.hasOwn(fields, name) && others.every((otherNames) => otherNames.includes(name)),
    );
  }

  function keyFields(type: GraphQLNamedType): readonly KeyField[] {
    const common = commonKeys(type);
    const types = common.length > 0 ? [type] : keyTypes(type);
    return types.filter(isCompositeType).flatMap((each) => {
      const fields = common.length > 0 ? common : keys.ofType(each);
      return fields.map((field) => ({ type: each, field }));
    });
  }

  function selectionOf(type: GraphQLCompositeType, key: KeyField): SelectionNode {
    const selected = fieldNode(key.field, names.plain(key.type, key.field));
    if (key.type === type) return selected;
    return {
      kind: Kind.INLINE_FRAGMENT,
      typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: key.type.name } },
      selectionSet: { kind: Kind.SELECTION_SET, selections: [selected] },
    };
  }

  return {
    of(type) {
      const cachedSelections = selectionsByType.get(type.name);
      if (cachedSelections !== undefined) return cachedSelections;
      const selections = keyFields(type).map((key) => selectionOf(type, key));
      selectionsByType.set(type.name, selections);
      return selections;
    },
    names: (type) => [...new Set(keyFields(type).map((key) => names.plain(key.type, key.field)))],
  };
}

function fieldNode(field: string, name: string): FieldNode {
  return {
    kind: Kind.FIELD,
    ...(name === field ? {} : { alias: { kind: Kind.NAME, value: name } }),
    name: { kind: Kind.NAME, value: field },
  };
}
