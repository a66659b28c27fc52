/**
 * What the platform's gateway has and a standalone one has not, in one process or in many: callers who sign in, live
 * events, the viewer's open streams, the console of its caches.
 */
import { createIdentitySigner } from "../platform/auth/identity-header.ts";
import type { TokenService } from "../platform/auth/token-service.ts";
import { createMemoryCache } from "../platform/cache/memory-cache.ts";
import type { Clock } from "../platform/clock.ts";
import type { EventLog } from "../platform/events/event-log.ts";
import { createEventFlow } from "../platform/events/flow/event-flow.ts";
import { scalars } from "../platform/graphql/scalars.ts";
import type { Subgraph } from "../platform/graphql/subgraph.ts";
import type { ListedSubgraph } from "../platform/graphql/subgraph-definition.ts";
import type { IdSource } from "../platform/ids.ts";
import type { Logger } from "../platform/logger/logger.ts";
import type { RedisNamespace } from "../platform/redis/redis-namespace.ts";
import { createAuthenticator } from "./auth/authenticator.ts";
import { createCacheConsole } from "./cache/console/index.ts";
import { eventSourcesOf } from "./cache/event-sources.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import { createLive } from "./live/index.ts";
import { createStreams } from "./streams/index.ts";
import { signedHeaders } from "./transport/subgraph-headers.ts";
import { WEB_CLIENT_MANIFEST } from "./web-client-folder.ts";

export interface PlatformRoomsOptions {
  readonly settings: {
    readonly IDENTITY_SECRETS: readonly string[];
    readonly TOKEN_ISSUER: string;
    readonly TOKEN_AUDIENCE: string;
    readonly CACHE_TTL: { readonly token: number };
    readonly LIVE_LEASE_MS: number;
    readonly OPERATOR_ORGANIZATION_ID?: string | undefined;
  };
  readonly subgraphs: readonly ListedSubgraph[];
  /** Those of this process. */
  readonly hosted?: readonly Subgraph[];
  readonly tokenService: TokenService;
  readonly eventLog: EventLog;
  /** Where gateways hear of each other; absent: there is no other one. */
  readonly redis?: RedisNamespace | undefined;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
}

export interface PlatformRooms extends Pick<Subgraph, "parts" | "checks"> {
  /** For `createGateway`; `endpoints` are the gateway's own subgraphs. */
  readonly options: Pick<
    GatewayOptions,
    | "clock"
    | "headers"
    | "eventLog"
    | "createLive"
    | "subscriptionRegistry"
    | "eventSources"
    | "evictionTopics"
    | "cacheRegistry"
    | "manifests"
    | "scalars"
    | "eventFlow"
    | "tokenService"
  > &
    Required<Pick<GatewayOptions, "authenticator" | "endpoints">>;
}

const MAX_SESSIONS = 50_000;

export function createPlatformRooms(options: PlatformRoomsOptions): PlatformRooms {
  const { settings, subgraphs, hosted = [], tokenService, eventLog, redis, clock, ids, logger } = options;
  const identitySecrets = settings.IDENTITY_SECRETS;
  const authenticator = createAuthenticator({
    tokenService,
    issuer: settings.TOKEN_ISSUER,
    audience: settings.TOKEN_AUDIENCE,
    cache: createMemoryCache({ maxEntries: MAX_SESSIONS, clock }),
    sessionMs: settings.CACHE_TTL.token * 1_000,
    eventLog,
    clock,
    logger,
  });
  const eventFlow = createEventFlow({
    consumers: hosted.flatMap(({ consumers = [] }) => consumers),
    relays: hosted.flatMap(({ relays = [] }) => relays),
    log: eventLog,
    clock,
    logger,
  });
  const streams = createStreams({ clock, ids, logger, identitySecrets, redis, leaseMs: settings.LIVE_LEASE_MS });
  const cacheConsole = createCacheConsole({
    clock,
    logger,
    identitySecrets,
    operatorOrganizationId: settings.OPERATOR_ORGANIZATION_ID,
    redis,
  });
  return {
    parts: [...streams.parts, ...cacheConsole.parts, eventFlow.part],
    checks: [...eventFlow.checks, ...streams.checks],
    options: {
      clock,
      headers: signedHeaders(createIdentitySigner(identitySecrets, clock)),
      authenticator,
      endpoints: [streams.endpoint, cacheConsole.endpoint],
      eventLog,
      createLive,
      subscriptionRegistry: streams.subscriptionRegistry,
      eventSources: eventSourcesOf(subgraphs),
      evictionTopics: subgraphs.map(({ topic }) => topic),
      cacheRegistry: cacheConsole.registry,
      manifests: [WEB_CLIENT_MANIFEST],
      scalars,
      eventFlow,
      tokenService,
    },
  };
}
