/**
 * Decides whether the answer of a subgraph's operation may be cached, for how long and for whom. It may be cached only
 * if everything it selects carries a hint. The operation also selects the ids of entities, so that an event about an
 * entity finds the answer.
 */
import { type CompositeType, isCompositeType } from "@apollo/federation-internals";
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  stripIgnoredCharacters,
} from "graphql";
import { type SubgraphOperation, subgraphOperation } from "../../transport/subgraph-client.ts";
import { changedBy } from "../changed-by.ts";
import type { CacheHint, CacheHints, CacheScope } from "../hints.ts";
import type { SubgraphTypes } from "./subgraph-types.ts";
import type { EntityIdFields } from "./visit-entities.ts";

export interface FetchPolicy {
  /** Of everything selected: the shortest life, the narrowest scope, all tags. */
  readonly hint: CacheHint;
  /** What to ask instead: the same, and the names of entities. */
  readonly operation: SubgraphOperation;
  /**
   * Where entities are named, and by whose events each goes: in each entity asked for, or in the answer to a query of
   * root fields.
   */
  readonly entityIdFields: EntityIdFields;
  /** By whose events what is selected changes. */
  readonly sources: ReadonlySet<string>;
  /** Members of a representation that name its entity. */
  readonly keyFields: ReadonlySet<string>;
}

/** Begins the names of what is added. */
const ADDED = "tributary_key_";

const WIDTH: Readonly<Record<CacheScope, number>> = { PUBLIC: 2, ORGANIZATION: 1, VIEWER: 0 };

/** Something selected carries no hint. */
class Uncacheable extends Error {}

/**
 * @param operation a query
 * @param source of the subgraph's events
 * @returns `undefined`: it is not to be cached
 */
export function fetchPolicyOf(
  types: SubgraphTypes,
  hints: CacheHints,
  operation: SubgraphOperation,
  source: string,
): FetchPolicy | undefined {
  // A client's own name like ours would be taken for ours.
  if (operation.kind !== "query" || operation.text.includes(ADDED)) return undefined;
  try {
    return compile(types, hints, operation, source);
  } catch (error) {
    if (error instanceof Uncacheable) return undefined;
    throw error;
  }
}

function compile(types: SubgraphTypes, hints: CacheHints, operation: SubgraphOperation, source: string): FetchPolicy {
  const document = parse(operation.text, { noLocation: true });
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  let hint: CacheHint | undefined;
  let added = false;
  const keyFields = new Set<string>();
  const sources = new Set<string>();

  /** What is no entity changes with what holds it, and names do not change. */
  function addSources(parent: CompositeType, field: string, named: Collected): void {
    for (const type of types.possible(parent)) {
      const changes = types.isEntity(type) ? !types.keyFields(type).includes(field) : type === types.queryType;
      if (!changes) continue;
      for (const each of changedBy(hints, type, field, source)) {
        sources.add(each);
        named.sources.add(each);
      }
    }
  }

  function take(found: CacheHint | undefined): void {
    if (found === undefined || found.maxAgeMs === 0) throw new Uncacheable();
    hint = hint === undefined ? found : narrower(hint, found);
  }

  function typeNamed(name: string): CompositeType {
    const type = types.composite(name);
    if (type === undefined) throw new Uncacheable();
    return type;
  }

  /** The selections, with what is added to them. `named` learns where entities are named. */
  function walk(parent: CompositeType, set: SelectionSetNode, named: Collected, covered: boolean): SelectionSetNode {
    const selections = set.selections.map((selection): SelectionNode => {
      if (selection.kind === Kind.FIELD) return field(parent, selection, named, covered);
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const type = selection.typeCondition === undefined ? parent : typeNamed(selection.typeCondition.name.value);
        return { ...selection, selectionSet: walk(type, selection.selectionSet, named, covered) };
      }
      const fragment = fragments.get(selection.name.value);
      if (fragment === undefined) throw new Uncacheable();
      const { typeCondition, selectionSet } = fragment;
      return {
        // What is added stands in the spread's own place: a fragment is used at several.
        kind: Kind.INLINE_FRAGMENT,
        typeCondition,
        directives: selection.directives ?? [],
        selectionSet: walk(typeNamed(typeCondition.name.value), selectionSet, named, covered),
      };
    });
    return { ...set, selections };
  }

  function field(parent: CompositeType, node: FieldNode, named: Collected, covered: boolean): FieldNode {
    const name = node.name.value;
    if (name === "__typename") return node;
    if (name.startsWith("__") || name === "_service") throw new Uncacheable();
    const type = types.fieldType(parent, name);
    if (type === undefined) throw new Uncacheable();
    addSources(parent, name, named);
    const own = hints.ofField(parent.name, name);
    if (own !== undefined) take(own);
    if (node.selectionSet === undefined) {
      if (own === undefined && !covered) throw new Uncacheable();
      return node;
    }
    if (!isCompositeType(type)) throw new Uncacheable();
    const below = named.below(node.alias?.value ?? name);
    const set = withKeys(type, node.selectionSet, below);
    const entities = types.possible(type).filter(types.isEntity);
    // A reference says of an entity nothing but its name, which is what its holder says.
    const reference = entities.length > 0 && onlyKeys(entities, node.selectionSet);
    if (!reference) {
      const declared = hints.ofType(type.name);
      if (declared !== undefined) take(declared);
      else if (entities.length > 0) for (const entity of entities) take(hints.ofType(entity) ?? own);
      else if (own === undefined && !covered) throw new Uncacheable();
    } else if (own === undefined && !covered) take(hints.ofType(type.name));
    return { ...node, selectionSet: walk(type, set, below, true) };
  }

  function onlyKeys(entities: readonly string[], set: SelectionSetNode): boolean {
    return set.selections.every((selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return false;
      if (selection.kind === Kind.INLINE_FRAGMENT) return onlyKeys(entities, selection.selectionSet);
      const name = selection.name.value;
      return name === "__typename" || entities.every((entity) => types.keyFields(entity).includes(name));
    });
  }

  /** Adds what the entities that may stand here are named by. */
  function withKeys(type: CompositeType, set: SelectionSetNode, named: Collected): SelectionSetNode {
    const additions = types.possible(type).flatMap((possible): SelectionNode[] => {
      const fields = types.keyFields(possible).flatMap((key): FieldNode[] => {
        if (set.selections.some((selection) => isPlain(selection, key))) {
          named.names.add(key);
          return [];
        }
        // Its alias tells the key's type apart: two of one name need not be of one type.
        const alias = `${ADDED}${possible}_${key}`;
        named.names.add(alias);
        const name = { kind: Kind.NAME, value: key } as const;
        return [{ kind: Kind.FIELD, alias: { kind: Kind.NAME, value: alias }, name }];
      });
      if (fields.length === 0) return [];
      added = true;
      if (possible === type.name) return fields;
      return [
        {
          kind: Kind.INLINE_FRAGMENT,
          typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: possible } },
          selectionSet: { kind: Kind.SELECTION_SET, selections: fields },
        },
      ];
    });
    return additions.length === 0 ? set : { ...set, selections: [...set.selections, ...additions] };
  }

  function entityFragments(set: SelectionSetNode, named: Collected): SelectionSetNode {
    const selections = set.selections.map((selection): SelectionNode => {
      if (selection.kind === Kind.FIELD && selection.name.value === "__typename") return selection;
      const spread = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : undefined;
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : spread;
      if (fragment?.typeCondition === undefined) throw new Uncacheable();
      const { typeCondition, selectionSet } = fragment;
      const type = typeNamed(typeCondition.name.value);
      const declared = hints.ofType(type.name);
      if (declared !== undefined) take(declared);
      for (const key of types.keyFields(type.name)) keyFields.add(key);
      return {
        kind: Kind.INLINE_FRAGMENT,
        typeCondition,
        directives: selection.directives ?? [],
        selectionSet: walk(type, selectionSet, named, declared !== undefined),
      };
    });
    return { ...set, selections };
  }

  const collected = new Collected();
  const definitions = document.definitions.flatMap((node): DocumentNode["definitions"] => {
    if (node.kind !== Kind.OPERATION_DEFINITION) return [];
    const [first, ...others] = node.selectionSet.selections;
    if (first?.kind === Kind.FIELD && first.name.value === "_entities" && first.selectionSet !== undefined) {
      if (others.length > 0) throw new Uncacheable();
      const selections = [{ ...first, selectionSet: entityFragments(first.selectionSet, collected) }];
      return [{ ...node, selectionSet: { ...node.selectionSet, selections } }];
    }
    const root = types.queryType === undefined ? undefined : types.composite(types.queryType);
    if (root === undefined) throw new Uncacheable();
    return [{ ...node, selectionSet: walk(root, node.selectionSet, collected, false) }];
  });
  if (hint === undefined) throw new Uncacheable();
  // Nothing but names is selected: which entities there are may still change.
  if (sources.size === 0) sources.add(source);
  const text = added ? stripIgnoredCharacters(print({ ...document, definitions })) : operation.text;
  return {
    hint,
    operation: added ? subgraphOperation(text, operation.name, "query") : operation,
    entityIdFields: collected.settled(sources),
    sources,
    keyFields,
  };
}

/** Is the field asked for under its own name, always? */
function isPlain(selection: SelectionNode, name: string): boolean {
  if (selection.kind !== Kind.FIELD || selection.name.value !== name) return false;
  return selection.alias === undefined && (selection.directives ?? []).length === 0;
}

function narrower(left: CacheHint, right: CacheHint): CacheHint {
  return {
    maxAgeMs: Math.min(left.maxAgeMs, right.maxAgeMs),
    scope: WIDTH[left.scope] < WIDTH[right.scope] ? left.scope : right.scope,
    tags: [...new Set([...left.tags, ...right.tags])],
  };
}

class Collected {
  readonly names = new Set<string>();
  /** By whose events what is selected of the entity changes. */
  readonly sources = new Set<string>();
  readonly members = new Map<string, Collected>();

  below(name: string): Collected {
    const member = this.members.get(name) ?? new Collected();
    this.members.set(name, member);
    return member;
  }

  /** @param all of the whole operation: an entity of which only the name is selected changes with what holds it */
  settled(all: ReadonlySet<string>): EntityIdFields {
    const members = [...this.members].flatMap(([name, below]) => {
      const named = below.settled(all);
      return named.names.length === 0 && named.members.length === 0 ? [] : [[name, named] as const];
    });
    const sources = this.sources.size === 0 ? all : this.sources;
    return { names: [...this.names], sources, members };
  }
}
