/** The executor that was chosen. */
import { createApolloEngine } from "./apollo-engine.ts";
import { createCompiledEngine } from "./compiled-engine.ts";
import type { QueryEngine, QueryEngineOptions } from "./engine-contract.ts";

/** @param executor `apollo`: the stock one of @apollo/gateway, to compare with */
export function createQueryEngine(executor: "tributary" | "apollo", options: QueryEngineOptions): QueryEngine {
  return executor === "apollo" ? createApolloEngine(options) : createCompiledEngine(options);
}
