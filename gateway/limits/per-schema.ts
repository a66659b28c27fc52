/** What is made once per schema that operations are validated against. */
import type { GraphQLSchema } from "graphql";
import type { SchemaGeneration, SchemaSource } from "../ports.ts";

/** @param make from a schema and the SDL of the supergraph that it belongs to */
export function perSchema<Made>(
  source: SchemaSource,
  make: (schema: GraphQLSchema, supergraphSdl: string) => Made,
): (schema: GraphQLSchema) => Made {
  const generations = new WeakMap<GraphQLSchema, SchemaGeneration>();
  const cache = new WeakMap<GraphQLSchema, { readonly value: Made }>();
  const remember = (generation: SchemaGeneration) => generations.set(generation.apiSchema, generation);
  remember(source.current());
  source.onChange(remember);
  return (schema) => {
    const found = cache.get(schema);
    if (found !== undefined) return found.value;
    // The stock executor validates against a schema of its own making.
    const { supergraphSdl } = generations.get(schema) ?? source.current();
    const value = make(schema, supergraphSdl);
    cache.set(schema, { value });
    return value;
  };
}
