/**
 * The gateway's own subgraph `cache`: an operator's look into the caches of the gateway that answers, and eviction by tag. What is evicted
 * here is evicted everywhere that the caches themselves reach: in the shared store and, through it, on the other gateways.
 */
import { createIdentityVerifier } from "../../../platform/auth/identity-header.ts";
import type { Clock } from "../../../platform/clock.ts";
import type { Subgraph } from "../../../platform/graphql/subgraph.ts";
import { createSubgraphEndpoint } from "../../../platform/graphql/subgraph-endpoint.ts";
import { loadTypeDefs } from "../../../platform/graphql/type-defs.ts";
import type { Logger } from "../../../platform/logger/logger.ts";
import type { CacheRegistry, InspectableCache } from "./cache-registry.ts";
import { type ConsoleContext, resolvers } from "./resolvers.ts";

const NAME = "cache";

export interface CacheConsoleOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The first signs, all verify. */
  readonly identitySecrets: readonly string[];
  /** Whose managers are operators; absent: nobody is. */
  readonly operatorOrganizationId: string | undefined;
}

export interface CacheConsole extends Subgraph {
  /** Where the gateway's rooms name their caches. */
  readonly registry: CacheRegistry;
}

export function createCacheConsole({
  clock,
  logger,
  identitySecrets,
  operatorOrganizationId,
}: CacheConsoleOptions): CacheConsole {
  const caches = new Map<string, InspectableCache>();
  return {
    name: NAME,
    registry: { add: (name, cache) => void caches.set(name, cache) },
    endpoint: createSubgraphEndpoint<ConsoleContext>({
      name: NAME,
      typeDefs: loadTypeDefs(NAME),
      resolvers,
      createContext: (request) => ({ caches, operatorOrganizationId, clock, request }),
      verifier: createIdentityVerifier(identitySecrets, NAME, clock),
      logger: logger.child({ subgraph: NAME }),
    }),
    parts: [],
    checks: [],
  };
}
