/**
 * The gateway's own subgraph `cache`: an operator's look into the caches of the gateway that answers, and eviction by
 * tag, which reaches the other gateways through Redis. Subgraphs' own caches are theirs: what they hold follows their
 * rows.
 */
import { createIdentityVerifier } from "../../../platform/auth/identity-header.ts";
import type { Clock } from "../../../platform/clock.ts";
import type { Subgraph } from "../../../platform/graphql/subgraph.ts";
import { createSubgraphEndpoint } from "../../../platform/graphql/subgraph-endpoint.ts";
import { loadTypeDefs } from "../../../platform/graphql/type-defs.ts";
import type { Logger } from "../../../platform/logger/logger.ts";
import { createRedisConnection } from "../../../platform/redis/redis-connection.ts";
import type { RedisNamespace } from "../../../platform/redis/redis-namespace.ts";
import type { CacheRegistry, InspectableCache } from "./cache-registry.ts";
import { createEvictionCalls, type EvictionCalls } from "./eviction-calls.ts";
import { type ConsoleContext, resolvers } from "./resolvers.ts";

const NAME = "cache";
const LISTENER_PING_MS = 10_000;

export interface CacheConsoleOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The first signs, all verify. */
  readonly identitySecrets: readonly string[];
  /** Whose managers are operators; absent: nobody is. */
  readonly operatorOrganizationId: string | undefined;
  /** Where gateways hear each other; absent: there is no other one. */
  readonly redis?: RedisNamespace | undefined;
}

export interface CacheConsole extends Subgraph {
  /** Where the gateway shows its caches. */
  readonly registry: CacheRegistry;
}

export function createCacheConsole(options: CacheConsoleOptions): CacheConsole {
  const { clock, identitySecrets, operatorOrganizationId, redis } = options;
  const logger = options.logger.child({ subgraph: NAME });
  const caches = new Map<string, InspectableCache>();
  async function evict(tags: readonly string[]): Promise<void> {
    await Promise.all([...caches.values()].map((cache) => cache.invalidateTags(tags)));
  }
  const { calls, parts } = redis === undefined ? ALONE : shared(redis, logger, evict);
  return {
    name: NAME,
    registry: { add: (name, cache) => void caches.set(name, cache) },
    endpoint: createSubgraphEndpoint<ConsoleContext>({
      name: NAME,
      typeDefs: loadTypeDefs(NAME),
      resolvers,
      createContext: (request) => ({ caches, evict, calls, operatorOrganizationId, clock, request }),
      verifier: createIdentityVerifier(identitySecrets, NAME, clock),
      logger,
    }),
    parts,
    checks: [],
  };
}

type Reach = { readonly calls: EvictionCalls } & Pick<Subgraph, "parts">;

const ALONE: Reach = { calls: { tell: async () => 1 }, parts: [] };

function shared(place: RedisNamespace, logger: Logger, onCall: (tags: readonly string[]) => Promise<void>): Reach {
  const { url, prefix } = place;
  const redis = createRedisConnection({ url, name: "tributary-console", logger });
  const listener = createRedisConnection({ url, name: "tributary-console-listener", logger, pingMs: LISTENER_PING_MS });
  return {
    calls: createEvictionCalls({ redis, listener, prefix, logger, onCall }),
    parts: [
      {
        name: "cache console",
        async start() {
          await Promise.all([redis.start(), listener.start()]);
        },
        async stop() {
          await Promise.all([redis.stop(), listener.stop()]);
        },
      },
    ],
  };
}
