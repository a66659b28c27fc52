/**
 * Of which type a fetched object is, by the `__typename` that a subgraph answered. What an operation selects of it
 * follows from the type, so an object of an unknown type is an error. Source: GraphQL specification (October 2021),
 * "ResolveAbstractType".
 */
import {
  type GraphQLAbstractType,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isInterfaceType,
  isObjectType,
} from "graphql";

export interface ObjectTypes {
  /**
   * @param declared where the object stands
   * @param typeName the `__typename`, if there is one
   * @returns an abstract type where a subgraph knows it as an object, and nobody says more; `undefined` for a name that
   * cannot stand here, and where there is none
   */
  typeOf(declared: GraphQLCompositeType, typeName: unknown): GraphQLCompositeType | undefined;
}

/**
 * @param schema what clients see: a type that they do not see must not be named
 * @param interfaceObjects interfaces that some subgraph knows as objects
 */
export function createObjectTypes(schema: GraphQLSchema, interfaceObjects: ReadonlySet<string>): ObjectTypes {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];

  /** It can be of one type only. The name of an interface, from a subgraph that knows no more, says the same. */
  function ofObject(declared: GraphQLObjectType, typeName: string): GraphQLObjectType | undefined {
    // A root type has its name in every supergraph, whatever subgraphs call theirs.
    if (typeName === declared.name || roots.includes(declared)) return declared;
    const named = schema.getType(typeName);
    return isAbstractType(named) && schema.isSubType(named, declared) ? declared : undefined;
  }

  function ofAbstract(declared: GraphQLAbstractType, typeName: string): GraphQLCompositeType | undefined {
    const named = schema.getType(typeName);
    if (isObjectType(named)) return schema.isSubType(declared, named) ? named : undefined;
    if (!isInterfaceType(named) || !interfaceObjects.has(typeName)) return undefined;
    if (named === declared || schema.isSubType(declared, named)) return named;
    return isInterfaceType(declared) && schema.isSubType(named, declared) ? declared : undefined;
  }

  return {
    typeOf(declared, typeName) {
      if (typeof typeName === "string")
        return isObjectType(declared) ? ofObject(declared, typeName) : ofAbstract(declared, typeName);
      return isObjectType(declared) || interfaceObjects.has(declared.name) ? declared : undefined;
    },
  };
}
