/**
 * What a subgraph is to the processes that host it: an endpoint, parts to start and stop, health, and its own HTTP
 * routes.
 */
import type { FastifyInstance } from "fastify";
import type { TokenService } from "../auth/token-service.ts";
import type { CountedCache } from "../cache/cache-metrics.ts";
import type { Clock } from "../clock.ts";
import type { DocumentKind } from "../documents/document.ts";
import type { EventContracts } from "../events/contracts.ts";
import type { EventLog } from "../events/event-log.ts";
import type { WatchedConsumer } from "../events/flow/consumer-watch.ts";
import type { Relay } from "../events/relay.ts";
import type { HealthCheck } from "../http/health.ts";
import type { MetricsSource } from "../http/metrics-format.ts";
import type { IdSource } from "../ids.ts";
import type { IngestPoint } from "../ingest/ingest.ts";
import type { LifecyclePart } from "../lifecycle/lifecycle.ts";
import type { Logger } from "../logger/logger.ts";
import type { InboundWebhook } from "../webhooks/webhook.ts";
import type { DemoData } from "./demo-data.ts";
import type { ProcessPurpose } from "./queries-apart.ts";
import type { SubgraphEndpoint } from "./subgraph-endpoint.ts";
import type { SubgraphDatabase } from "./subgraph-settings.ts";

export interface Subgraph {
  readonly name: string;
  readonly endpoint: SubgraphEndpoint;
  /** Database, relay, consumers, workers: in start order. */
  readonly parts: readonly LifecyclePart[];
  readonly checks: readonly HealthCheck[];
  /** Whose lag the process that hosts it watches. */
  readonly relays?: readonly Relay[];
  readonly consumers?: readonly WatchedConsumer[];
  /** Whose counts the process that hosts it shows. */
  readonly caches?: readonly CountedCache[];
  /** Of whatever else it counts. */
  readonly metrics?: MetricsSource;
  /** Routes beside `/graphql`, e.g. public keys. */
  readonly routes?: (server: FastifyInstance) => void;
  /** What other services call. */
  readonly webhooks?: readonly InboundWebhook[];
  /** What programs deliver by plain HTTP. */
  readonly ingest?: readonly IngestPoint[];
  /** Pages for people that open without signing in. */
  readonly documents?: readonly DocumentKind[];
  /** Of the subgraph that issues sessions. */
  readonly tokenService?: TokenService;
  readonly demo?: DemoData;
}

/** What every subgraph factory is given. Factories read no environment and open no port. */
export interface SubgraphRuntime {
  readonly name: string;
  /** Where its events go. */
  readonly topic: string;
  /** Where the events come from that it consumes. */
  readonly consumedTopics: readonly string[];
  readonly databaseUrls: SubgraphDatabase;
  /** What its process is for; default: everything. */
  readonly serves?: ProcessPurpose;
  readonly eventLog: EventLog;
  readonly contracts: EventContracts;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
  /** The first signs, all verify. */
  readonly identitySecrets: readonly string[];
}
