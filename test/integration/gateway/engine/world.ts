// An invented world that any subgraph can serve: what a field answers follows from which entity it is asked of, its name and its
// arguments, so that all subgraphs agree without sharing a line. Some fields are null, some fail, always the same ones.
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
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  parse,
  printSchema,
} from "graphql";

type Thing = Record<string, unknown>;

const KEY = Symbol("key");

export interface WorldSubgraph {
  readonly name: string;
  readonly schema: GraphQLSchema;
  answer(query: string, variables: Record<string, unknown>, operationName?: string): Promise<Record<string, unknown>>;
}

export interface WorldOptions {
  /** One in so many nullable fields is null; 0: none. */
  readonly nulls: number;
  /** One in so many nullable fields fails; 0: none. */
  readonly failures: number;
}

/** Key fields of the world's entities: what they are called, and which are numbers. */
const ENTITIES = 4;

function number(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0);
}

export function worldSubgraph(name: string, typeDefs: DocumentNode, options: WorldOptions): WorldSubgraph {
  const schema = buildSubgraphSchema({ typeDefs });
  return { name, schema, answer: serveWorld(schema, entitiesOf(schema), options) };
}

/** The world as if one server knew all of it: the truth that a federation of its subgraphs has to tell. */
export function wholeWorld(apiSchema: GraphQLSchema, subgraphs: readonly WorldSubgraph[], options: WorldOptions) {
  const schema = buildSchema(printSchema(apiSchema));
  const entities = new Set(subgraphs.flatMap((subgraph) => [...entitiesOf(subgraph.schema)]));
  return serveWorld(schema, entities, options);
}

function entitiesOf(schema: GraphQLSchema): ReadonlySet<string> {
  return new Set(
    Object.values(schema.getTypeMap())
      .filter((type) => isObjectType(type) || isAbstractType(type))
      .filter((type) => type.astNode?.directives?.some((directive) => directive.name.value.endsWith("key")))
      .map((type) => type.name),
  );
}

function serveWorld(
  schema: GraphQLSchema,
  entityNames: ReadonlySet<string>,
  options: WorldOptions,
): WorldSubgraph["answer"] {
  function thing(typeName: string, key: string): Thing {
    return { __typename: typeName, [KEY]: key };
  }

  function membersOf(type: GraphQLAbstractType): string[] {
    return [...schema.getPossibleTypes(type)].map((member) => member.name).sort();
  }

  function concrete(type: GraphQLOutputType, seed: string): string {
    if (!isAbstractType(type)) return String(type);
    const members = membersOf(type);
    return members[number(`${seed} type`) % members.length] ?? "";
  }

  /** Of which type an entity is that is known by its interface follows from its id: every subgraph must say the same. */
  function typeOfEntity(type: GraphQLAbstractType, id: string): string {
    const members = membersOf(type);
    return members[Number(id) % members.length] ?? "";
  }

  function value(type: GraphQLOutputType, seed: string): unknown {
    if (isNonNullType(type)) return value(type.ofType, seed);
    if (isListType(type)) {
      return Array.from({ length: number(`${seed} length`) % 4 }, (_, index) =>
        !isNonNullType(type.ofType) && options.nulls > 0 && number(`${seed} ${index} null`) % options.nulls === 0
          ? null
          : value(type.ofType, `${seed}[${index}]`),
      );
    }
    const hash = number(seed);
    if (isEnumType(type)) return type.getValues()[hash % type.getValues().length]?.value;
    if (isScalarType(type)) {
      if (type.name === "Int") return hash % 1_000;
      if (type.name === "Float") return (hash % 1_000) / 8;
      if (type.name === "Boolean") return hash % 2 === 0;
      return `${type.name}-${hash % 97}`;
    }
    // Entities are few, so that many fields lead to the same one.
    const id = String(number(`${seed} id`) % ENTITIES);
    const known = isAbstractType(type) && entityNames.has(type.name);
    const typeName = known ? typeOfEntity(type, id) : concrete(type, seed);
    return entityNames.has(typeName) || entityNames.has(String(type))
      ? thing(typeName, `entity ${id}`)
      : thing(typeName, seed);
  }

  function entityKey(source: Thing): string {
    if (KEY in source) return String(source[KEY as unknown as string]);
    // A representation: any of its key fields leads to the number of the entity.
    for (const field of ["id", "upc", "sku", "code"]) {
      const found = source[field];
      if (typeof found === "string") return `entity ${found.replace(/^\D+/, "")}`;
    }
    return JSON.stringify(source);
  }

  const resolve: GraphQLFieldResolver<unknown, unknown> = (parent, args, context, info) => {
    if (info.fieldName.startsWith("_")) return defaultFieldResolver(parent, args, context, info);
    const source: Thing = typeof parent === "object" && parent !== null ? (parent as Thing) : { [KEY]: "root" };
    if (Object.hasOwn(source, info.fieldName)) return source[info.fieldName];
    const key = entityKey(source);
    const entity = /^entity (\d+)$/.exec(key)?.[1];
    if (entity !== undefined && ["id", "upc", "sku", "code"].includes(info.fieldName)) {
      return info.fieldName === "id" ? entity : `${info.fieldName}${entity}`;
    }
    // A field with requirements answers by what was required: a wrong one shows.
    const required = Object.keys(source)
      .filter((field) => !["__typename", "id", "upc", "sku", "code"].includes(field))
      .sort()
      .map((field) => `${field}=${JSON.stringify(source[field])}`);
    const requires = info.parentType
      .getFields()
      [info.fieldName]?.astNode?.directives?.some(({ name: directive }) => directive.value === "requires");
    const seed = `${key}.${info.fieldName}(${JSON.stringify(args)})${requires === true ? required.join() : ""}`;
    const nullable = !isNonNullType(info.returnType);
    if (nullable && options.failures > 0 && number(`${seed} fails`) % options.failures === 0) {
      throw new GraphQLError(`no ${info.fieldName}`, { extensions: { code: "BROKEN" } });
    }
    if (nullable && options.nulls > 0 && number(`${seed} null`) % options.nulls === 0) return null;
    return value(info.returnType, seed);
  };

  for (const type of Object.values(schema.getTypeMap())) {
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
    const result = await execute({
      schema,
      document: parse(query),
      variableValues: variables,
      operationName,
      rootValue: { [KEY]: "root" },
    });
    return JSON.parse(JSON.stringify(result));
  };
}
