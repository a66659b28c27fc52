/**
 * Our executor in the place where Apollo Server expects a gateway. An operation runs on the generation that it was
 * validated against.
 */
import type { GraphQLSchema } from "graphql";
import type { GatewayContext, SchemaGeneration } from "../ports.ts";
import type { QueryEngine, QueryEngineOptions } from "./engine-contract.ts";
import { createExecutor } from "./executor.ts";
import { JsonText } from "./response/text.ts";

export function createCompiledEngine({ schema, clients, inspection }: QueryEngineOptions): QueryEngine {
  const executor = createExecutor({ clients: clients.of, inspection });
  const generations = new WeakMap<GraphQLSchema, SchemaGeneration>();
  return {
    async load() {
      return {
        async executor({ schema: validatedBy, queryHash, document, operationName, request, context }) {
          if (!isOurs(context)) throw new Error("an operation without its context");
          const generation = generations.get(validatedBy) ?? schema.current();
          const { data, errors } = await executor.execute({
            generation,
            documentId: queryHash,
            document,
            operationName: operationName ?? undefined,
            variables: request.variables ?? {},
            context,
          });
          return {
            ...(data === undefined ? {} : { data: data === "null" ? null : new JsonText(data) }),
            ...(errors.length === 0 ? {} : { errors }),
          };
        },
      };
    },
    onSchemaLoadOrUpdate(callback) {
      const tell = (generation: SchemaGeneration) => {
        // Addresses are looked up before anything is changed: a generation that cannot be served is refused.
        clients.of(generation);
        generations.set(generation.apiSchema, generation);
        callback({ apiSchema: generation.apiSchema, coreSupergraphSdl: generation.supergraphSdl });
      };
      tell(schema.current());
      return schema.onChange(tell);
    },
    async stop() {},
  };
}

/** Apollo Server hands the context through without its type. */
function isOurs(context: object): context is GatewayContext {
  return "identity" in context && "trace" in context && "logger" in context;
}
