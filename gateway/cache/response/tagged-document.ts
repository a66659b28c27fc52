/**
 * A document that also selects the keys of every entity, under names of its own, to be planned in the place of a client's: what an answer is
 * made of is then in the fetched data. Clients never see it, since answers are written by their own document.
 */
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLNamedType,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  Kind,
  type SelectionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import type { SchemaGeneration } from "../../ports.ts";
import { entityKeysOf, membersOf } from "./entity-keys.ts";

export interface TaggedDocument {
  readonly document: DocumentNode;
  /** Response names of keys in a selection of this type, whichever of its types the object has. */
  keyNames(type: GraphQLNamedType): readonly string[];
}

/** @param document valid */
export function tagDocument(generation: SchemaGeneration, document: DocumentNode): TaggedDocument {
  const { apiSchema } = generation;
  const keys = entityKeysOf(generation);
  const prefix = unusedPrefix(document);
  const added = new Map<string, readonly SelectionNode[]>();

  /** The types by whose keys its objects are known: an interface that has the key itself needs no look at its members. */
  function keyTypes(type: GraphQLNamedType): readonly GraphQLNamedType[] {
    const members = membersOf(apiSchema, type);
    if (members.length === 0) return [type];
    const own = keys.ofType(type);
    return own.length > 0 ? [type] : members;
  }

  /** Keys that an interface is not declared to have, but that all its members have in common. */
  function commonKeys(type: GraphQLNamedType): readonly string[] {
    const own = keys.ofType(type);
    if (own.length > 0 || !isInterfaceType(type)) return own;
    const fields = type.getFields();
    const [first, ...others] = membersOf(apiSchema, type).map((member) => keys.ofType(member));
    return (first ?? []).filter((name) => Object.hasOwn(fields, name) && others.every((names) => names.includes(name)));
  }

  const nameOf = (type: GraphQLNamedType, field: string) => `${prefix}${type.name}_${field}`;

  function selectionsFor(type: GraphQLNamedType): readonly SelectionNode[] {
    const present = added.get(type.name);
    if (present !== undefined) return present;
    const common = commonKeys(type);
    const made =
      common.length > 0
        ? common.map((field) => aliased(nameOf(type, field), field))
        : keyTypes(type).flatMap((member): SelectionNode[] => {
            const selections = keys.ofType(member).map((field) => aliased(nameOf(member, field), field));
            if (selections.length === 0) return [];
            if (member === type) return selections;
            return [
              {
                kind: Kind.INLINE_FRAGMENT,
                typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: member.name } },
                selectionSet: { kind: Kind.SELECTION_SET, selections },
              },
            ];
          });
    added.set(type.name, made);
    return made;
  }

  const info = new TypeInfo(apiSchema);
  const tagged = visit(
    document,
    visitWithTypeInfo(info, {
      Field: {
        leave(node): FieldNode | undefined {
          const type = getNamedType(info.getType());
          if (node.selectionSet === undefined || !isCompositeType(type)) return undefined;
          const more = selectionsFor(type);
          if (more.length === 0) return undefined;
          const selections = [...node.selectionSet.selections, ...more];
          return { ...node, selectionSet: { kind: Kind.SELECTION_SET, selections } };
        },
      },
    }),
  );
  return {
    document: tagged,
    keyNames(type) {
      const common = commonKeys(type);
      return common.length > 0
        ? common.map((field) => nameOf(type, field))
        : keyTypes(type).flatMap((member) => keys.ofType(member).map((field) => nameOf(member, field)));
    },
  };
}

function aliased(alias: string, field: string): FieldNode {
  return {
    kind: Kind.FIELD,
    alias: { kind: Kind.NAME, value: alias },
    name: { kind: Kind.NAME, value: field },
  };
}

/** A prefix that no response name of the document has. */
function unusedPrefix(document: DocumentNode): string {
  const names = new Set<string>();
  visit(document, { Field: ({ alias, name }) => void names.add(alias?.value ?? name.value) });
  let prefix = "key_of_";
  while ([...names].some((name) => name.startsWith(prefix))) prefix = `_${prefix}`;
  return prefix;
}
