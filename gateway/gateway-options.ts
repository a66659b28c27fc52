/**
 * What `createGateway` is made of: everything that differs between the platform, the embedded and the standalone
 * gateway.
 */
import type { FastifyInstance } from "fastify";
import type { TokenService } from "../platform/auth/token-service.ts";
import type { Cache } from "../platform/cache/cache.ts";
import type { CountedCache } from "../platform/cache/cache-metrics.ts";
import type { Clock } from "../platform/clock.ts";
import type { ServiceDirectory } from "../platform/discovery/service-directory.ts";
import type { DocumentSource } from "../platform/documents/document.ts";
import type { EventLog } from "../platform/events/event-log.ts";
import type { EventFlow } from "../platform/events/flow/event-flow.ts";
import type { SubgraphEndpoint } from "../platform/graphql/subgraph-endpoint.ts";
import type { HealthCheck } from "../platform/http/health.ts";
import type { MetricsSource } from "../platform/http/metrics-format.ts";
import type { Lifecycle } from "../platform/lifecycle/lifecycle.ts";
import type { Logger } from "../platform/logger/logger.ts";
import type { WebhookReceiver } from "../platform/webhooks/webhook.ts";
import type { AuthenticatorPart } from "./auth/authenticator.ts";
import type { CacheRegistry } from "./cache/console/cache-registry.ts";
import type { EventSources } from "./cache/event-sources.ts";
import type { CheckedScalars } from "./composition/checked-scalars.ts";
import type { SharedCounting } from "./limits/rate/counters.ts";
import type { CreateLive, GatewaySettings, SubscriptionRegistry } from "./ports.ts";
import type { SendDelivery } from "./transport/deliveries.ts";
import type { ReportDenial } from "./transport/denial-reports.ts";
import type { SubgraphHeaders } from "./transport/subgraph-headers.ts";

export interface GatewayOptions {
  readonly settings: GatewaySettings;
  readonly production: boolean;
  readonly release: string;
  readonly host: string;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How a request to a subgraph proves on whose behalf it is made. */
  readonly headers: SubgraphHeaders;
  /** Absent: everybody is anonymous (standalone). */
  readonly authenticator?: AuthenticatorPart;
  /** Names of client headers that go on to subgraphs; none in the platform. */
  readonly forward?: readonly string[];
  /**
   * Show subgraphs' own error messages, and what is wrong with their answers; only for subgraphs that are not ours
   * (standalone).
   */
  readonly trustMessages?: boolean;
  /** Subgraphs in this process, and what their caches count. */
  readonly counted?: readonly CountedCache[];
  /** What else they count. */
  readonly metrics?: readonly MetricsSource[];
  readonly endpoints?: readonly SubgraphEndpoint[];
  /** GraphQL addresses that replace those of the supergraph, by subgraph name. */
  readonly urls?: ReadonlyMap<string, readonly string[]>;
  /** How custom scalars are read; absent: any value passes (standalone). */
  readonly scalars?: CheckedScalars;
  /** Names of all subgraphs that there are: a supergraph with others is refused. Absent: any may be (standalone). */
  readonly knownSubgraphs?: ReadonlySet<string>;
  /** Where instances of subgraphs say that they can be asked; started before the gateway. */
  readonly directory?: ServiceDirectory | undefined;
  /** Where live fields get their events; absent: no subscription is served (standalone). */
  readonly eventLog?: EventLog;
  /** How events come along; its part and its checks are among those of the platform. */
  readonly eventFlow?: EventFlow;
  /** Sockets and streams; absent: there are none. */
  readonly createLive?: CreateLive;
  /** Told which subscriptions are open. */
  readonly subscriptionRegistry?: SubscriptionRegistry;
  /** Subgraphs whose data change by their own events alone; default: none is known to. */
  readonly eventSources?: EventSources;
  /** Topics whose events evict caches; those of live fields need not be named. */
  readonly evictionTopics?: readonly string[];
  /** Told which caches there are. */
  readonly cacheRegistry?: CacheRegistry;
  /** Manifests of the operations that our own clients registered. */
  readonly manifests?: readonly string[];
  /** Where gateways share the texts that clients persisted; absent: each keeps its own. */
  readonly documents?: Pick<Cache, "get" | "set">;
  /** Folder of the built web client, served at `/`. */
  readonly webClient?: string;
  /** Where gateways count together how often callers ask; absent: this one counts alone. */
  readonly counting?: SharedCounting;
  readonly checks?: readonly HealthCheck[];
  /** Tells subgraphs whom the gateway refused in their stead; absent: nobody is told. */
  readonly reportDenial?: ReportDenial;
  /** Gives programs access tokens for their API keys; absent: nobody does (standalone). */
  readonly tokenService?: Pick<TokenService, "clientToken">;
  /** Takes the calls of other services; absent: nobody does. */
  readonly webhooks?: WebhookReceiver;
  /** Where deliveries of programs go; absent: none are taken. */
  readonly deliver?: SendDelivery;
  /** Opens pages of subgraphs that are to be printed; absent: there are none. */
  readonly documentPages?: DocumentSource;
  /** Further routes, e.g. the local mailbox. */
  readonly routes?: (server: FastifyInstance) => void;
}
