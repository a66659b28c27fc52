/**
 * Whether an operation's answer may be cached, for how long and for whom, from the hints of what it selects: an
 * operation is worth the least of its parts. Time linear in the document, which need not be valid.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isCompositeType,
  isObjectType,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
} from "graphql";
import { readFieldRules } from "../../limits/rate/field-rules.ts";
import type { SchemaGeneration } from "../../ports.ts";
import { type CacheHint, type CacheHints, type CacheScope, cacheHintsOf } from "../hints.ts";
import { type EntityKeys, entityKeysOf, membersOf } from "./entity-keys.ts";

export interface ResponsePolicy {
  /** Above 0. */
  readonly maxAgeMs: number;
  readonly scope: CacheScope;
  /** Of all its hints, as they stand there. */
  readonly tags: readonly string[];
}

const cache = new WeakMap<SchemaGeneration, WeakMap<DocumentNode, Map<string, ResponsePolicy | undefined>>>();

/**
 * @returns `undefined` for what must not be cached: a part of it carries no hint or may be asked only so often, it is
 * no query, or it asks about the schema
 */
export function responsePolicy(
  generation: SchemaGeneration,
  document: DocumentNode,
  operationName: string | undefined,
): ResponsePolicy | undefined {
  if (!cacheHintsOf(generation).any) return undefined;
  const documents = cache.get(generation) ?? new WeakMap();
  cache.set(generation, documents);
  const operations = documents.get(document) ?? new Map<string, ResponsePolicy | undefined>();
  documents.set(document, operations);
  const name = operationName ?? "";
  if (operations.has(name)) return operations.get(name);
  const policy = readPolicy(generation, document, operationName);
  // A name that is none of the document's is not worth remembering.
  if (getOperationAST(document, operationName) != null) operations.set(name, policy);
  return policy;
}

function readPolicy(
  generation: SchemaGeneration,
  document: DocumentNode,
  operationName: string | undefined,
): ResponsePolicy | undefined {
  const operation = getOperationAST(document, operationName);
  const root = generation.apiSchema.getQueryType();
  if (operation?.operation !== OperationTypeNode.QUERY || root == null) return undefined;
  const reader = createReader(generation, document);
  return reader(operation.selectionSet, root);
}

const limitedFields = new WeakMap<SchemaGeneration, ReadonlySet<string>>();

function limitedFieldsOf(generation: SchemaGeneration): ReadonlySet<string> {
  const cachedFields = limitedFields.get(generation);
  if (cachedFields !== undefined) return cachedFields;
  const limited = new Set(readFieldRules(generation.supergraphSdl).keys());
  limitedFields.set(generation, limited);
  return limited;
}

const SCOPES: readonly CacheScope[] = ["PUBLIC", "ORGANIZATION", "VIEWER"];

function createReader(generation: SchemaGeneration, document: DocumentNode) {
  const { apiSchema } = generation;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const hints = cacheHintsOf(generation);
  const keys = entityKeysOf(generation);
  // An answer that is found is not counted against what may be asked only so often.
  const limited = limitedFieldsOf(generation);
  // What a selection contributes does not depend on where it stands: each is looked at once per type.
  const visited = new Map<SelectionSetNode, Set<string>>();
  let maxAgeMs = Number.POSITIVE_INFINITY;
  let scope: CacheScope = "PUBLIC";
  const tags = new Set<string>();

  function apply(hint: CacheHint): void {
    maxAgeMs = Math.min(maxAgeMs, hint.maxAgeMs);
    if (SCOPES.indexOf(hint.scope) > SCOPES.indexOf(scope)) scope = hint.scope;
    for (const tag of hint.tags) tags.add(tag);
  }

  /** An entity of which nothing but its name is asked: that is said by who holds it. */
  function isReference({ selectionSet }: FieldNode, value: GraphQLNamedType): boolean {
    const names = ["__typename", ...keys.ofType(value)];
    return (
      selectionSet?.selections.every((node) => node.kind === Kind.FIELD && names.includes(node.name.value)) === true
    );
  }

  /** @returns whether all of it may be cached */
  function read(selectionSet: SelectionSetNode, type: GraphQLCompositeType): boolean {
    const types = visited.get(selectionSet) ?? new Set();
    if (types.has(type.name)) return true;
    visited.set(selectionSet, types.add(type.name));
    return selectionSet.selections.every((node) => {
      if (node.kind === Kind.FIELD) {
        const name = node.name.value;
        if (name === "__typename") return true;
        const field = "getFields" in type && Object.hasOwn(type.getFields(), name) ? type.getFields()[name] : undefined;
        if (field === undefined || limited.has(`${type.name}.${name}`)) return false;
        const value = getNamedType(field.type);
        const found = hintsOfField({ schema: apiSchema, hints, keys }, type, name, value);
        for (const hint of found) apply(hint);
        const root = type === apiSchema.getQueryType();
        if (found.length === 0 && (root || (keys.isEntity(value) && !isReference(node, value)))) return false;
        return node.selectionSet === undefined || (isCompositeType(value) && read(node.selectionSet, value));
      }
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      if (fragment === undefined) return false;
      const condition = fragment.typeCondition?.name.value;
      const narrowed = condition === undefined ? type : apiSchema.getType(condition);
      return isCompositeType(narrowed) && read(fragment.selectionSet, narrowed);
    });
  }

  return (selectionSet: SelectionSetNode, root: GraphQLCompositeType): ResponsePolicy | undefined =>
    read(selectionSet, root) && maxAgeMs > 0 && Number.isFinite(maxAgeMs)
      ? { maxAgeMs, scope, tags: [...tags] }
      : undefined;
}

interface Hinted {
  readonly schema: GraphQLSchema;
  readonly hints: CacheHints;
  readonly keys: EntityKeys;
}

/** The field's own, else those of its type; of an abstract type every one that may apply. */
export function hintsOfField(
  { schema, hints, keys }: Hinted,
  parent: GraphQLCompositeType,
  name: string,
  value: GraphQLNamedType,
): readonly CacheHint[] {
  const own = [parent, ...membersOf(schema, parent)].flatMap((type) => hints.ofField(type.name, name) ?? []);
  if (own.length > 0) return own;
  if (!isCompositeType(value)) return [];
  const whole = hints.ofType(value.name);
  if (isObjectType(value)) return whole === undefined ? [] : [whole];
  const members = membersOf(schema, value);
  const ofMembers = members.flatMap((type) => hints.ofType(type.name) ?? []);
  // One member that nobody vouched for, unless somebody did for all.
  const complete = whole !== undefined || members.every((type) => !keys.isEntity(type) || hints.ofType(type.name));
  return complete ? [...(whole === undefined ? [] : [whole]), ...ofMembers] : [];
}
