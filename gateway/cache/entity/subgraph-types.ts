/**
 * What a subgraph knows of the supergraph's types, as far as caching asks: fields, who may stand where, and what
 * entities are named by.
 */
import {
  baseType,
  type CompositeType,
  isCompositeType,
  isObjectType,
  isUnionType,
  type NamedType,
  possibleRuntimeTypes,
  type Subgraph,
} from "@apollo/federation-internals";
import { Kind, parse } from "graphql";
import type { SchemaGeneration } from "../../ports.ts";

export interface SubgraphTypes {
  /** `undefined`: the subgraph has no such type, or it has no fields. */
  composite(name: string): CompositeType | undefined;
  readonly queryType: string | undefined;
  /** The type of a field without lists and non-nulls; `undefined`: there is no such field. */
  fieldType(parent: CompositeType, field: string): NamedType | undefined;
  /** Objects that a value of the type may be. */
  possible(type: CompositeType): readonly string[];
  isEntity(type: string): boolean;
  /** Scalars that name an entity; of several keys, those of all. */
  keyFields(type: string): readonly string[];
}

/** @returns `undefined` when the supergraph has no such subgraph */
export function subgraphTypes(generation: SchemaGeneration, name: string): SubgraphTypes | undefined {
  const subgraph = generation.supergraph.subgraphs().get(name);
  return subgraph === undefined ? undefined : typesOf(subgraph);
}

function typesOf(subgraph: Subgraph): SubgraphTypes {
  const { schema } = subgraph;
  const keyDirective = subgraph.metadata().keyDirective();
  const keys = new Map<string, readonly string[]>();

  function composite(name: string): CompositeType | undefined {
    const type = schema.type(name);
    return type !== undefined && isCompositeType(type) ? type : undefined;
  }

  function keyFields(name: string): readonly string[] {
    const cachedKeys = keys.get(name);
    if (cachedKeys !== undefined) return cachedKeys;
    const found = schema.type(name)?.appliedDirectivesOf(keyDirective) ?? [];
    const names = new Set(found.flatMap((key) => topLevelScalars(String(key.arguments().fields))));
    keys.set(name, [...names]);
    return [...names];
  }

  return {
    composite,
    queryType: schema.schemaDefinition.rootType("query")?.name,
    fieldType(parent, field) {
      if (isUnionType(parent)) return undefined;
      const type = parent.field(field)?.type;
      return type === undefined ? undefined : baseType(type);
    },
    possible: (type) => (isObjectType(type) ? [type.name] : possibleRuntimeTypes(type).map(({ name }) => name)),
    isEntity: (type) => (schema.type(type)?.appliedDirectivesOf(keyDirective) ?? []).length > 0,
    keyFields,
  };
}

/** Of a key like `id organization { id }`: `id`. */
function topLevelScalars(fields: string): string[] {
  return parse(`{${fields}}`, { noLocation: true }).definitions.flatMap((node) =>
    node.kind === Kind.OPERATION_DEFINITION
      ? node.selectionSet.selections.flatMap((selection) =>
          selection.kind === Kind.FIELD && selection.selectionSet === undefined ? [selection.name.value] : [],
        )
      : [],
  );
}
