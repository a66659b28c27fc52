// An invented world that any subgraph can serve. A field's answer follows from its entity, its name and its arguments,
// so that all subgraphs agree without sharing a line. Some fields are null, some fail, always the same ones.
import { createHash } from "node:crypto";
import { buildSubgraphSchema } from "@apollo/subgraph";
import {
  buildSchema,
  type DocumentNode,
  defaultFieldResolver,
  execute,
  type GraphQLAbstractType,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  isAbstractType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  parse,
  printSchema,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { exactText, readExact } from "./exact-json.ts";
import { anyNumber, exactLiteral, variableValues } from "./exact-values.ts";

type Thing = Record<string, unknown>;

const KEY = Symbol("key");
/** What of another subgraph's fields is told of an object where it is. */
const PROVIDED = Symbol("provided");

export interface WorldSubgraph {
  readonly name: string;
  readonly schema: GraphQLSchema;
  /** As a server at an address would: JSON texts come in and go out. @returns `data` and `errors` */
  answer(query: string, variables: string, operationName?: string): Promise<string>;
}

export interface WorldOptions {
  /** One in so many nullable fields is null; 0: none. */
  readonly nulls: number;
  /** One in so many nullable fields fails; 0: none. */
  readonly failures: number;
}

const ENTITIES = 4;
/** What key fields are called. */
const KEY_FIELDS = ["id", "upc", "sku", "code", "serial"];
/** Of an entity by a key that is a number: doubles that are next to each other lie further apart. */
const SERIALS = "900719925474099";

function number(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0);
}

export interface World {
  /**
   * Calls of mutations, in the order in which they came. What is read after some differs from what was read before: the
   * number of effects is part of the state.
   */
  readonly effects: string[];
  readonly subgraphs: readonly WorldSubgraph[];
  /** As if one server knew all of it: the truth that a federation of the subgraphs has to tell. */
  whole(apiSchema: GraphQLSchema): WorldSubgraph["answer"];
}

/** @param services SDL by name; what one of them knows as an entity is the same one everywhere */
export function createWorld(
  services: readonly { readonly name: string; readonly typeDefs: DocumentNode }[],
  options: WorldOptions,
): World {
  const schemas = services.map(({ name, typeDefs }) => ({ name, schema: buildSubgraphSchema({ typeDefs }) }));
  const entities = new Set(schemas.flatMap(({ schema }) => [...entitiesOf(schema)]));
  const required = new Map(schemas.flatMap(({ schema }) => [...requirementsOf(schema)]));
  const numbers = new Map(schemas.flatMap(({ schema }) => [...numbersOf(schema, entities)]));
  const effects: string[] = [];
  const facts = { entities, numbers, effects, members: membersOfFields(schemas.map(({ schema }) => schema)) };
  return {
    effects,
    subgraphs: schemas.map(({ name, schema }) => ({
      name,
      schema,
      answer: serveWorld(schema, facts, options, givenRequirements(schema)),
    })),
    whole: (apiSchema) =>
      serveWorld(buildSchema(printSchema(apiSchema)), facts, options, (coordinates, _source, look) => {
        const selections = firstOf(required, coordinates);
        return selections === undefined ? undefined : look(selections);
      }),
  };
}

/** By `Type.field`, what the field requires of its object. */
const requirementsOf = (schema: GraphQLSchema) => fieldSets(schema, "requires");

/** By `Type.field`, the field set that a directive gives it. */
function fieldSets(schema: GraphQLSchema, directive: "requires" | "provides"): Map<string, SelectionSetNode> {
  const found = new Map<string, SelectionSetNode>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const applied = field.astNode?.directives?.find(({ name }) => name.value === directive);
      const fields = applied?.arguments?.[0]?.value;
      if (fields?.kind !== Kind.STRING) continue;
      const [operation] = parse(`{ ${fields.value} }`).definitions;
      if (operation?.kind === Kind.OPERATION_DEFINITION)
        found.set(`${type.name}.${field.name}`, operation.selectionSet);
    }
  }
  return found;
}

function firstOf<Value>(values: ReadonlyMap<string, Value>, keys: readonly string[]): Value | undefined {
  return keys.map((key) => values.get(key)).find((value) => value !== undefined);
}

/**
 * What a field requires, as it was given in a representation, or as `look` finds it.
 * @param coordinates `Type.field` of the object and of its interfaces, which a subgraph may know as objects
 */
type Requirements = (
  coordinates: readonly string[],
  source: Thing,
  look: (selections: SelectionSetNode) => Record<string, unknown>,
) => Record<string, unknown> | undefined;

/** A subgraph is given what its fields require: a wrong value shows. */
function givenRequirements(schema: GraphQLSchema): Requirements {
  const required = requirementsOf(schema);
  return (coordinates, source, look) => {
    const set = firstOf(required, coordinates);
    if (set === undefined) return undefined;
    const { selections } = set;
    const provided = namesIn(source[PROVIDED as unknown as string]);
    if (selections.every((node) => node.kind === Kind.FIELD && provided.includes(node.name.value))) return look(set);
    return part(source, selections);
  };
}

const namesIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** What the selections name, and nothing that another requirement wants of the same objects. */
function part(source: object, selections: readonly SelectionNode[]): Record<string, unknown> {
  const members = new Map(Object.entries(source));
  return Object.fromEntries(
    selections.flatMap((node) => {
      if (node.kind !== Kind.FIELD) return [];
      const inner = node.selectionSet?.selections;
      const of = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(of);
        return inner === undefined || typeof value !== "object" || value === null ? value : part(value, inner);
      };
      return [[node.name.value, of(members.get(node.name.value))] as const];
    }),
  );
}

/** In one order and without names of types: what requirements select, not how they say it. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([name]) => name !== "__typename");
  return Object.fromEntries(
    members.sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, it]) => [name, plain(it)]),
  );
}

function entitiesOf(schema: GraphQLSchema): ReadonlySet<string> {
  return new Set(
    Object.values(schema.getTypeMap())
      .filter((type) => isObjectType(type) || isAbstractType(type))
      .filter((type) => type.astNode?.directives?.some((directive) => directive.name.value.endsWith("key")))
      .map((type) => type.name),
  );
}

/**
 * By `Type.field`, the types of the objects that the field leads to: only those that all subgraphs with the field know.
 */
function membersOfFields(schemas: readonly GraphQLSchema[]): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const schema of schemas) {
    for (const type of Object.values(schema.getTypeMap())) {
      for (const field of isObjectType(type) ? Object.values(type.getFields()) : []) {
        const target = getNamedType(field.type);
        if (!isAbstractType(target)) continue;
        const own = schema.getPossibleTypes(target).map(({ name }) => name);
        const others = found.get(`${type.name}.${field.name}`) ?? own;
        found.set(`${type.name}.${field.name}`, others.filter((name) => own.includes(name)).sort());
      }
    }
  }
  return found;
}

interface WorldFacts {
  readonly members: ReadonlyMap<string, readonly string[]>;
  readonly effects: string[];
  /** Types that are entities in any subgraph. */
  readonly entities: ReadonlySet<string>;
  /** Numbers of the entities of a type that shares an interface's keys with other types. */
  readonly numbers: ReadonlyMap<string, readonly number[]>;
}

const ALL_NUMBERS = Array.from({ length: ENTITIES }, (_, index) => index);

/** An entity that can be asked for by its interface is of one type, whoever leads to it. */
function numbersOf(schema: GraphQLSchema, entities: ReadonlySet<string>): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isAbstractType(type) || !entities.has(type.name)) continue;
    const members = [...schema.getPossibleTypes(type)].map(({ name }) => name).sort();
    for (const [index, name] of members.entries()) {
      found.set(
        name,
        ALL_NUMBERS.filter((entity) => entity % members.length === index),
      );
    }
  }
  return found;
}

function serveWorld(
  schema: GraphQLSchema,
  { entities: entityNames, numbers, effects, members: membersOfField }: WorldFacts,
  options: WorldOptions,
  requirements: Requirements,
): WorldSubgraph["answer"] {
  const provided = fieldSets(schema, "provides");

  function thing(typeName: string, key: string): Thing {
    return { __typename: typeName, [KEY]: key };
  }

  function membersOf(type: GraphQLAbstractType): string[] {
    return [...schema.getPossibleTypes(type)].map((member) => member.name).sort();
  }

  function concrete(type: GraphQLOutputType, seed: string, members: readonly string[]): string {
    if (!isAbstractType(type)) return String(type);
    return members[number(`${seed} type`) % members.length] ?? "";
  }

  /**
   * Of which type an entity is that is known by its interface follows from its id: every subgraph must say the same.
   */
  function typeOfEntity(type: GraphQLAbstractType, id: string): string {
    const members = membersOf(type);
    return members[Number(id) % members.length] ?? "";
  }

  /** @param members types of which the objects may be */
  function value(type: GraphQLOutputType, seed: string, members: readonly string[]): unknown {
    if (isNonNullType(type)) return value(type.ofType, seed, members);
    if (isListType(type)) {
      return Array.from({ length: number(`${seed} length`) % 4 }, (_, index) =>
        !isNonNullType(type.ofType) && options.nulls > 0 && number(`${seed} ${index} null`) % options.nulls === 0
          ? null
          : value(type.ofType, `${seed}[${index}]`, members),
      );
    }
    const hash = number(seed);
    if (isEnumType(type)) return type.getValues()[hash % type.getValues().length]?.value;
    if (isScalarType(type)) {
      if (type.name === "Int") return hash % 1_000;
      if (type.name === "Float") return (hash % 1_000) / 8;
      if (type.name === "Boolean") return hash % 2 === 0;
      if (isSpecifiedScalarType(type) || hash % 2 === 0) return `${type.name}-${hash % 97}`;
      return anyNumber(hash);
    }
    // Entities are few, so that many fields lead to the same one.
    const ids = numbers.get(String(type)) ?? ALL_NUMBERS;
    const id = String(ids[number(`${seed} id`) % ids.length]);
    const isEntityInterface = isAbstractType(type) && entityNames.has(type.name);
    const typeName = isEntityInterface ? typeOfEntity(type, id) : concrete(type, seed, members);
    return entityNames.has(typeName) || entityNames.has(String(type))
      ? thing(typeName, `entity ${id}`)
      : thing(typeName, seed);
  }

  function entityKey(source: Thing): string {
    if (KEY in source) return String(source[KEY as unknown as string]);
    // A representation: any of its key fields leads to the number of the entity.
    for (const field of KEY_FIELDS) {
      const found = exactText(source[field]);
      if (found !== undefined) return `entity ${found.replace(field === "serial" ? SERIALS : /^\D+/, "")}`;
    }
    return JSON.stringify(source);
  }

  const resolve: GraphQLFieldResolver<unknown, unknown> = (parent, args, context, info) => {
    if (info.fieldName.startsWith("_")) return defaultFieldResolver(parent, args, context, info);
    const source: Thing = typeof parent === "object" && parent !== null ? (parent as Thing) : { [KEY]: "root" };
    if (Object.hasOwn(source, info.fieldName)) return source[info.fieldName];
    const key = entityKey(source);
    const entity = /^entity (\d+)$/.exec(key)?.[1];
    if (info.parentType === schema.getMutationType()) effects.push(`${info.fieldName}(${JSON.stringify(args)})`);
    if (entity !== undefined && KEY_FIELDS.includes(info.fieldName)) {
      if (info.fieldName === "serial") return JSON.rawJSON(`${SERIALS}${entity}`);
      return info.fieldName === "id" ? entity : `${info.fieldName}${entity}`;
    }
    // A field with requirements answers by what was required.
    const names = [info.parentType, ...info.parentType.getInterfaces()].map(({ name }) => `${name}.${info.fieldName}`);
    const required = requirements(names, source, (selections) =>
      lookUp(info.parentType, source, selections, context, info),
    );
    const seed = `${effects.length === 0 ? "" : effects.length}${key}.${info.fieldName}(${JSON.stringify(args)})${required === undefined ? "" : JSON.stringify(plain(required))}`;
    const nullable = !isNonNullType(info.returnType);
    if (nullable && options.failures > 0 && number(`${seed} fails`) % options.failures === 0) {
      throw new GraphQLError(`no ${info.fieldName}`, { extensions: { code: "BROKEN" } });
    }
    if (nullable && options.nulls > 0 && number(`${seed} null`) % options.nulls === 0) return null;
    const provision = provided.get(`${info.parentType.name}.${info.fieldName}`);
    const found = value(info.returnType, seed, firstOf(membersOfField, names) ?? []);
    return provision === undefined ? found : withProvision(found, provision);
  };

  function withProvision(found: unknown, provision: SelectionSetNode): unknown {
    if (Array.isArray(found)) return found.map((item) => withProvision(item, provision));
    const names = provision.selections.flatMap((node) => (node.kind === Kind.FIELD ? [node.name.value] : []));
    return typeof found === "object" && found !== null ? { ...found, [PROVIDED]: names } : found;
  }

  /** Values of what a field requires, null where it fails. */
  function lookUp(
    type: GraphQLObjectType,
    source: Thing,
    { selections }: SelectionSetNode,
    ...[context, info]: Parameters<typeof resolve> extends [unknown, unknown, ...infer Rest] ? Rest : never
  ): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    for (const node of selections) {
      if (node.kind !== Kind.FIELD) throw new Error("requirements on types are not looked up here");
      const field = type.getFields()[node.name.value];
      if (field === undefined) throw new Error(`${type.name} has no ${node.name.value}`);
      const own = { ...info, fieldName: field.name, returnType: field.type, parentType: type };
      const named = getNamedType(field.type);
      const inner = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(inner);
        if (node.selectionSet === undefined || typeof value !== "object" || value === null) return value;
        return isObjectType(named) ? lookUp(named, value as Thing, node.selectionSet, context, info) : value;
      };
      try {
        found[field.name] = inner(resolve(source, getArgumentValues(field, node), context, own));
      } catch {
        found[field.name] = null;
      }
    }
    return found;
  }

  for (const type of Object.values(schema.getTypeMap())) {
    if (isScalarType(type) && !isSpecifiedScalarType(type)) type.parseLiteral = exactLiteral;
    if (isObjectType(type)) {
      for (const field of Object.values(type.getFields())) if (!field.name.startsWith("_")) field.resolve = resolve;
    } else if (isAbstractType(type)) {
      const resolveReference = (reference: Thing) => ({
        ...reference,
        __typename: typeOfEntity(type, String(reference["id"])),
      });
      type.extensions = { ...type.extensions, apollo: { subgraph: { resolveReference } } };
      type.resolveType = (source: Thing) => String(source["__typename"]);
    }
  }

  return async (query, variables, operationName) => {
    const document = parse(query);
    const result = await execute({
      schema,
      document,
      variableValues: variableValues(schema, document, readExact(variables)),
      operationName,
      rootValue: { [KEY]: "root" },
    });
    return JSON.stringify(result);
  };
}
