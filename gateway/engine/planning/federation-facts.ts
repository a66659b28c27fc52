/**
 * What the supergraph says about keys and requirements, looked up by subgraph. Read once per schema generation; plans
 * are checked and repaired by it.
 */
import { baseType, type Subgraph } from "@apollo/federation-internals";
import {
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType as isObject,
  Kind,
  type SelectionNode,
} from "graphql";
import type { SchemaGeneration } from "../../ports.ts";
import { parseFieldSet } from "./field-sets.ts";

/** `@requires`: what a subgraph must be sent of an object before it can tell a field of it. */
export interface Requirement {
  readonly subgraph: string;
  /** The type that carries the field there: an object, or an interface that the subgraph knows as an object. */
  readonly type: string;
  readonly field: string;
  readonly fields: readonly SelectionNode[];
}

export interface FederationFacts {
  readonly schema: GraphQLSchema;
  /**
   * Whether plans of this supergraph have to be checked. False: it has nothing that the planner is known to get wrong.
   */
  readonly mustCheck: boolean;
  /** Every type of an object that may stand where this type is expected. */
  possibleTypes(typeName: string): ReadonlySet<string>;
  fieldType(parentType: string, field: string): GraphQLOutputType | undefined;
  /** Requirements of a subgraph's fields of this name, by type of the object. */
  requirementsIn(subgraph: string, field: string): ReadonlyMap<string, Requirement> | undefined;
  /** Requirements of an object's field in whatever subgraph. */
  requirementsOf(typeName: string, field: string): readonly Requirement[];
  /** Does the subgraph have the type? */
  knows(subgraph: string, typeName: string): boolean;
  /** Keys by which the subgraph resolves entities of the type. */
  keysOf(subgraph: string, typeName: string): readonly (readonly SelectionNode[])[];
  /** What a subgraph can tell below a field although it is external there (`@provides`). */
  providedBelow(subgraph: string, typeNames: readonly string[], field: string): readonly SelectionNode[];
  /** Can the subgraph tell all of it by itself, given what is provided at the place? */
  isLocal(
    subgraph: string,
    typeName: string,
    fields: readonly SelectionNode[],
    provided: readonly SelectionNode[],
  ): boolean;
  /** Interfaces that some subgraph knows as objects (`@interfaceObject`). */
  readonly interfaceObjects: ReadonlySet<string>;
  isInterface(typeName: string): boolean;
  isAbstract(typeName: string): boolean;
  /** Does the subgraph know an interface as an object? Then it cannot tell what an object is. */
  isInterfaceObject(subgraph: string, typeName: string): boolean;
}

const NO_TYPES: ReadonlySet<string> = new Set();
const NOTHING: readonly SelectionNode[] = [];

const cache = new WeakMap<SchemaGeneration, FederationFacts>();

export function factsOf(generation: SchemaGeneration): FederationFacts {
  const facts = cache.get(generation) ?? readFacts(generation);
  cache.set(generation, facts);
  return facts;
}

function readFacts({ supergraph, supergraphSchema: schema }: SchemaGeneration): FederationFacts {
  const subgraphs = new Map([...supergraph.subgraphs()].map((subgraph) => [subgraph.name, readSubgraph(subgraph)]));
  const possible = possibleTypesIn(schema);
  const requirements = new Map<string, Map<string, Map<string, Requirement>>>();
  for (const [name, facts] of subgraphs) {
    const byField = new Map<string, Map<string, Requirement>>();
    for (const requirement of facts.requirements) {
      const byType = byField.get(requirement.field) ?? new Map<string, Requirement>();
      for (const type of possible.get(requirement.type) ?? NO_TYPES) byType.set(type, requirement);
      byField.set(requirement.field, byType);
    }
    requirements.set(name, byField);
  }
  const hasRequirements = [...requirements.values()].some((byField) => byField.size > 0);
  // Where no object can stand, the planner drops the field that leads there, and nobody is told.
  const hasEmptyTypes = [...possible.values()].some(({ size }) => size === 0);

  return {
    schema,
    mustCheck: hasRequirements || hasEmptyTypes,
    possibleTypes: (typeName) => possible.get(typeName) ?? NO_TYPES,
    fieldType(parentType, field) {
      const type = schema.getType(parentType);
      return isObject(type) || isInterfaceType(type) ? type.getFields()[field]?.type : undefined;
    },
    requirementsIn: (subgraph, field) => requirements.get(subgraph)?.get(field),
    requirementsOf: (typeName, field) =>
      [...requirements.values()].flatMap((byField) => byField.get(field)?.get(typeName) ?? []),
    knows: (subgraph, typeName) => subgraphs.get(subgraph)?.types.has(typeName) ?? false,
    keysOf: (subgraph, typeName) => subgraphs.get(subgraph)?.keys.get(typeName) ?? [],
    providedBelow(subgraph, typeNames, field) {
      const provided = subgraphs.get(subgraph)?.provided;
      if (provided === undefined || provided.size === 0) return NOTHING;
      return [...new Set(typeNames)].flatMap((typeName) => provided.get(`${typeName}.${field}`) ?? []);
    },
    isLocal: (subgraph, typeName, fields, provided) =>
      subgraphs.get(subgraph)?.isLocal(typeName, fields, provided) ?? false,
    interfaceObjects: new Set([...subgraphs.values()].flatMap(({ interfaceObjects }) => [...interfaceObjects])),
    isInterface: (typeName) => isInterfaceType(schema.getType(typeName)),
    isAbstract: (typeName) => isAbstractType(schema.getType(typeName)),
    isInterfaceObject: (subgraph, typeName) => subgraphs.get(subgraph)?.interfaceObjects.has(typeName) ?? false,
  };
}

function possibleTypesIn(schema: GraphQLSchema): ReadonlyMap<string, ReadonlySet<string>> {
  const composite = Object.values(schema.getTypeMap()).filter((type) => isCompositeType(type));
  return new Map(
    composite.map((type) => {
      const members = isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
      return [type.name, new Set(members.map(({ name }) => name))];
    }),
  );
}

interface SubgraphFacts {
  readonly types: ReadonlySet<string>;
  readonly interfaceObjects: ReadonlySet<string>;
  readonly requirements: readonly Requirement[];
  readonly keys: ReadonlyMap<string, readonly (readonly SelectionNode[])[]>;
  readonly provided: ReadonlyMap<string, readonly SelectionNode[]>;
  isLocal(typeName: string, fields: readonly SelectionNode[], provided: readonly SelectionNode[]): boolean;
}

function readSubgraph(subgraph: Subgraph): SubgraphFacts {
  const metadata = subgraph.metadata();
  const requirements: Requirement[] = [];
  const keys = new Map<string, (readonly SelectionNode[])[]>();
  const provided = new Map<string, readonly SelectionNode[]>();
  for (const type of [...subgraph.schema.objectTypes(), ...subgraph.schema.interfaceTypes()]) {
    for (const directive of type.appliedDirectivesOf(metadata.keyDirective())) {
      const { fields, resolvable } = directive.arguments();
      if (resolvable === false) continue;
      keys.set(type.name, [...(keys.get(type.name) ?? []), parseFieldSet(String(fields))]);
    }
    for (const field of type.fields()) {
      const [requires] = field.appliedDirectivesOf(metadata.requiresDirective());
      if (requires !== undefined) {
        const fields = parseFieldSet(String(requires.arguments().fields));
        requirements.push({ subgraph: subgraph.name, type: type.name, field: field.name, fields });
      }
      const [provides] = field.appliedDirectivesOf(metadata.providesDirective());
      if (provides !== undefined) {
        provided.set(`${type.name}.${field.name}`, parseFieldSet(String(provides.arguments().fields)));
      }
    }
  }

  function isLocal(typeName: string, fields: readonly SelectionNode[], given: readonly SelectionNode[]): boolean {
    return fields.every((selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return false;
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value ?? typeName;
        return isLocal(condition, selection.selectionSet.selections, given);
      }
      const name = selection.name.value;
      if (name === "__typename") return true;
      const type = subgraph.schema.type(typeName);
      const field = type !== undefined && "field" in type ? type.field(name) : undefined;
      if (field === undefined || field.kind !== "FieldDefinition") return false;
      const below = provisionOf(given, name);
      if (metadata.isFieldExternal(field) && below === undefined) return false;
      const inner = selection.selectionSet?.selections;
      return inner === undefined || field.type === undefined || isLocal(baseType(field.type).name, inner, below ?? []);
    });
  }

  const types = new Set(subgraph.schema.types().map(({ name }) => name));
  const interfaceObjects = new Set(
    subgraph.schema
      .objectTypes()
      .filter((type) => metadata.isInterfaceObjectType(type))
      .map(({ name }) => name),
  );
  return { types, interfaceObjects, requirements, keys, provided, isLocal };
}

/** What is provided below a field; absent when the field itself is not. */
export function provisionOf(provided: readonly SelectionNode[], field: string): readonly SelectionNode[] | undefined {
  for (const selection of provided) {
    if (selection.kind === Kind.FIELD && selection.name.value === field)
      return selection.selectionSet?.selections ?? [];
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const found = provisionOf(selection.selectionSet.selections, field);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The name of the composite type that a field leads to. */
export function compositeName(type: GraphQLOutputType | undefined): string | undefined {
  const named = type === undefined ? undefined : getNamedType(type);
  return isCompositeType(named) ? named.name : undefined;
}
