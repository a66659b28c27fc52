/**
 * How the gateway reaches its subgraphs, as its options and settings say: one set of clients, in the forms that their
 * callers take.
 */
import type { MetricsSource } from "../../platform/http/metrics-format.ts";
import type { GatewayCaches } from "../cache/gateway-caches.ts";
import type { GatewayOptions } from "../gateway-options.ts";
import { callPolicy } from "./call-policy.ts";
import { createDataSources, type DataSources } from "./data-sources.ts";
import { stagedHeaders } from "./staged-headers.ts";
import { createSubgraphClients, type SubgraphClients } from "./subgraph-clients.ts";
import { transportMetrics } from "./transport-metrics.ts";

export interface Transport {
  readonly clients: SubgraphClients;
  readonly dataSources: DataSources;
  readonly metrics: MetricsSource;
}

export function createTransport(options: GatewayOptions, caches: GatewayCaches): Transport {
  const { settings } = options;
  const clients = createSubgraphClients({
    headers: stagedHeaders(options.headers),
    timeoutMs: settings.SUBGRAPH_TIMEOUT_MS,
    policyOf: (subgraph) => callPolicy(settings, subgraph),
    directory: options.directory,
    endpoints: new Map((options.endpoints ?? []).map((endpoint) => [endpoint.name, endpoint])),
    urls: options.urls ?? new Map(),
    trustMessages: options.trustMessages ?? false,
    caches,
  });
  return {
    clients,
    dataSources: createDataSources(clients),
    metrics: () => transportMetrics(clients.targets(), clients.pool),
  };
}
