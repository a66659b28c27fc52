/**
 * What each field of a schema costs, before any operation is looked at: by the supergraph's directives, else by its
 * shape.
 */
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
} from "graphql";
import type { CostDirectives } from "./cost-directives.ts";

export interface FieldCost {
  /** Of one value of the field, without what is selected below. */
  readonly weight: number;
  /** Composite or leaf type that the selection is made on. */
  readonly type: GraphQLNamedType;
  /** How many lists are around a value; 0 for a single one. */
  readonly lists: number;
  /** Values of what is sliced when the arguments do not say how many. */
  readonly assumedSize: number;
  /** Values of a list that nothing slices. */
  readonly unsized: number;
  /** Arguments that say how many: a number, or a list whose length it is; with their default values. */
  readonly slicing: ReadonlyMap<string, unknown>;
  /** Fields below that have as many values as the arguments say; empty when it is the field itself. */
  readonly sizedFields: ReadonlySet<string>;
  /** Of arguments that were given. */
  readonly arguments: ReadonlyMap<string, number>;
}

export interface CostModel {
  readonly schema: GraphQLSchema;
  /** Names of arguments that may say how long a list is. */
  readonly slicingArguments: ReadonlySet<string>;
  /** Names of fields whose length may be said by the field around them. */
  readonly sizedFields: ReadonlySet<string>;
  /** @returns `undefined` for what costs nothing: `__typename`, and what the schema does not know */
  field(parent: GraphQLNamedType, name: string): FieldCost | undefined;
}

/** What a page may hold: `platform/graphql/connection.ts` refuses more. */
const MAX_PAGE = 100;
const SLICING_ARGUMENTS: readonly string[] = ["first", "last", "ids"];
const SIZED_FIELDS: readonly string[] = ["edges", "nodes"];
const NONE: ReadonlySet<string> = new Set();

/** @param assumedListSize of a list about which nothing is known */
export function createCostModel(
  schema: GraphQLSchema,
  { weights, sizes }: CostDirectives,
  assumedListSize: number,
): CostModel {
  const costs = new Map<string, FieldCost | undefined>();

  function definitionOf(parent: GraphQLNamedType, name: string): GraphQLField<unknown, unknown> | undefined {
    if (parent === schema.getQueryType()) {
      if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
      if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
    }
    return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
  }

  function costOf(parent: GraphQLNamedType, name: string): FieldCost | undefined {
    const definition = definitionOf(parent, name);
    if (definition === undefined) return undefined;
    const coordinate = `${parent.name}.${name}`;
    const type = getNamedType(definition.type);
    const lists = listsAround(definition.type);
    const size = sizes.get(coordinate);
    const pages = isCompositeType(type) ? pagedFields(type) : NONE;
    const slicingNames = size?.slicingArguments ?? (size === undefined ? SLICING_ARGUMENTS : []);
    const slicing = definition.args.filter((arg) => slicingNames.includes(arg.name));
    const sliced = slicing.length > 0 || size?.assumedSize !== undefined;
    const weight = weights.get(coordinate) ?? weights.get(type.name) ?? (isCompositeType(type) ? 1 : 0);
    return {
      // Nothing pays for anything else.
      weight: Math.max(0, weight),
      type,
      lists,
      assumedSize: size?.assumedSize ?? (slicing.length > 0 ? MAX_PAGE : assumedListSize),
      unsized: assumedListSize,
      slicing: new Map(slicing.map((arg) => [arg.name, arg.defaultValue])),
      sizedFields: size?.sizedFields === undefined ? (lists === 0 && sliced ? pages : NONE) : new Set(size.sizedFields),
      arguments: new Map(
        definition.args.flatMap((arg) => {
          const weight = weights.get(`${coordinate}(${arg.name}:)`);
          return weight === undefined ? [] : [[arg.name, Math.max(0, weight)] as const];
        }),
      ),
    };
  }

  const declared = [...sizes.values()];
  return {
    schema,
    slicingArguments: new Set([...SLICING_ARGUMENTS, ...declared.flatMap((size) => size.slicingArguments ?? [])]),
    sizedFields: new Set([...SIZED_FIELDS, ...declared.flatMap((size) => size.sizedFields ?? [])]),
    field(parent, name) {
      const key = `${parent.name}.${name}`;
      if (costs.has(key)) return costs.get(key);
      const cost = costOf(parent, name);
      // Only what the schema has is remembered: its size is the bound.
      if (cost !== undefined) costs.set(key, cost);
      return cost;
    },
  };
}

/** The lists of a connection that hold its page. */
function pagedFields(type: GraphQLNamedType): ReadonlySet<string> {
  if (!isObjectType(type) && !isInterfaceType(type)) return NONE;
  const fields = type.getFields();
  return new Set(
    SIZED_FIELDS.filter((name) => {
      const field = fields[name];
      return field !== undefined && listsAround(field.type) > 0;
    }),
  );
}

function listsAround(type: GraphQLOutputType): number {
  if (isNonNullType(type)) return listsAround(type.ofType);
  return isListType(type) ? 1 + listsAround(type.ofType) : 0;
}
