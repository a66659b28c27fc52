/**
 * Which types are entities, and by which of their fields clients could tell one from another. Of one generation,
 * immutable.
 */
import {
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isLeafType,
  isObjectType,
} from "graphql";
import type { SchemaGeneration } from "../../ports.ts";

export interface EntityKeys {
  /** Is the type, or one that it may be, an entity? */
  isEntity(type: GraphQLNamedType): boolean;
  /**
   * Does it stand for entities, itself or by what its fields lead to, e.g. a connection? Values such as an amount of
   * money do not.
   */
  leadsToEntities(type: GraphQLNamedType): boolean;
  /** The field of the type that is a key by itself; none where keys have several fields, or clients cannot see them. */
  ofType(type: GraphQLNamedType): readonly string[];
}

const cache = new WeakMap<SchemaGeneration, EntityKeys>();

export function entityKeysOf(generation: SchemaGeneration): EntityKeys {
  const cachedKeys = cache.get(generation);
  if (cachedKeys !== undefined) return cachedKeys;
  const entityKeys = readEntityKeys(generation);
  cache.set(generation, entityKeys);
  return entityKeys;
}

function readEntityKeys({ supergraph, apiSchema }: SchemaGeneration): EntityKeys {
  const keys = new Map<string, readonly string[]>();
  for (const type of Object.values(apiSchema.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    const joins = supergraph.schema.type(type.name)?.appliedDirectivesOf("join__type") ?? [];
    const texts = joins.flatMap((join) => {
      const key: unknown = join.arguments()["key"];
      return typeof key === "string" ? [key.trim()] : [];
    });
    if (texts.length === 0) continue;
    const fields = type.getFields();
    const single = [...new Set(texts)].filter((name) => {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      return field !== undefined && field.args.length === 0 && isLeafType(getNamedType(field.type));
    });
    // Another key might have to be fetched from another subgraph; events name ids.
    const chosen = single.includes("id") ? "id" : single[0];
    keys.set(type.name, chosen === undefined ? [] : [chosen]);
  }

  function isEntity(type: GraphQLNamedType): boolean {
    return keys.has(type.name) || membersOf(apiSchema, type).some(({ name }) => keys.has(name));
  }

  const leading = new Map<string, boolean>();
  function leadsToEntities(type: GraphQLNamedType): boolean {
    if (!isCompositeType(type)) return false;
    const cachedVerdict = leading.get(type.name);
    if (cachedVerdict !== undefined) return cachedVerdict;
    // What refers to itself leads there by another way, or not at all.
    leading.set(type.name, false);
    const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
    const leads =
      isEntity(type) ||
      fields.some((field) => leadsToEntities(getNamedType(field.type))) ||
      membersOf(apiSchema, type).some(leadsToEntities);
    leading.set(type.name, leads);
    return leads;
  }

  return {
    isEntity,
    leadsToEntities,
    ofType: (type) => keys.get(type.name) ?? [],
  };
}

/** The object types that an abstract type may be; none for others. */
export function membersOf(schema: GraphQLSchema, type: GraphQLNamedType) {
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [];
}
