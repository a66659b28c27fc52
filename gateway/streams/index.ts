/**
 * The gateway's own subgraph, `streams`: which live subscriptions a viewer has, and closing them. Only gateways know
 * what is open, so they answer for it themselves; with Redis, each for all of them.
 */
import { createIdentityVerifier } from "../../platform/auth/identity-header.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Subgraph } from "../../platform/graphql/subgraph.ts";
import { createSubgraphEndpoint } from "../../platform/graphql/subgraph-endpoint.ts";
import { loadTypeDefs } from "../../platform/graphql/type-defs.ts";
import type { IdSource } from "../../platform/ids.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import { createRedisConnection } from "../../platform/redis/redis-connection.ts";
import type { RedisNamespace } from "../../platform/redis/redis-namespace.ts";
import type { SubscriptionRegistry } from "../ports.ts";
import { createCloseCalls } from "./close-calls.ts";
import { createOwnDirectory, type Directory } from "./directory.ts";
import { createRegistryPublisher } from "./registry-publisher.ts";
import { resolvers, type StreamsContext } from "./resolvers.ts";
import { createSharedDirectory } from "./shared-directory.ts";
import { sharedKeys } from "./shared-keys.ts";
import { createSubscriptionRegistry, type LocalSubscriptionRegistry } from "./subscription-registry.ts";

const NAME = "streams";
const LISTENER_PING_MS = 10_000;

export interface StreamsOptions {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
  /** The first signs, all verify. */
  readonly identitySecrets: readonly string[];
  /** Absent: there is no other gateway. */
  readonly redis?: RedisNamespace | undefined;
  /** A gateway that died is forgotten after this time, in milliseconds. */
  readonly leaseMs: number;
}

export interface Streams extends Subgraph {
  /** For the live room. */
  readonly subscriptionRegistry: SubscriptionRegistry;
}

export function createStreams(options: StreamsOptions): Streams {
  const { clock, identitySecrets, redis } = options;
  const logger = options.logger.child({ subgraph: NAME });
  const subscriptionRegistry = createSubscriptionRegistry(options);
  const { directory, parts, checks } =
    redis === undefined
      ? { directory: createOwnDirectory(subscriptionRegistry), parts: [], checks: [] }
      : shared(subscriptionRegistry, redis, { ...options, logger });
  return {
    name: NAME,
    subscriptionRegistry,
    endpoint: createSubgraphEndpoint<StreamsContext>({
      name: NAME,
      typeDefs: loadTypeDefs(NAME),
      resolvers,
      createContext: (request) => ({ directory, request }),
      verifier: createIdentityVerifier(identitySecrets, NAME, clock),
      logger,
    }),
    parts,
    checks,
  };
}

function shared(
  subscriptionRegistry: LocalSubscriptionRegistry,
  { url, prefix }: RedisNamespace,
  { clock, ids, logger, leaseMs }: StreamsOptions,
): { directory: Directory } & Pick<Subgraph, "parts" | "checks"> {
  // Its own for each life: what a dead gateway told is never taken for this one's.
  const gatewayId = ids.uuid();
  const keys = sharedKeys(prefix);
  const redis = createRedisConnection({ url, name: "tributary-streams", logger });
  const listener = createRedisConnection({ url, name: "tributary-streams-listener", logger, pingMs: LISTENER_PING_MS });
  const publisher = createRegistryPublisher({ subscriptionRegistry, redis, keys, gatewayId, leaseMs, clock, logger });
  const calls = createCloseCalls({ subscriptionRegistry, redis, listener, keys, gatewayId, logger });
  return {
    directory: createSharedDirectory({ subscriptionRegistry, redis, keys, calls, gatewayId, logger }),
    parts: [
      {
        name: "streams",
        async start() {
          publisher.start();
          await Promise.all([redis.start(), listener.start()]);
        },
        async stop() {
          await publisher.stop();
          await Promise.all([redis.stop(), listener.stop()]);
        },
      },
    ],
    checks: [{ name: "redis", critical: false, check: () => redis.check() }],
  };
}
