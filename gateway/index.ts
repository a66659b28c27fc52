/**
 * The gateway: one address in front of all subgraphs. `createGateway` wires its rooms; it reads no environment and
 * opens no port before its part is started.
 */
import type { FastifyInstance } from "fastify";
import { cacheMetrics } from "../platform/cache/cache-metrics.ts";
import { createMemoryCache } from "../platform/cache/memory-cache.ts";
import { registerDocuments } from "../platform/documents/document-routes.ts";
import { degradedMetric } from "../platform/http/health.ts";
import { registerWebhooks } from "../platform/webhooks/webhook-routes.ts";
import { createGatewayCaches } from "./cache/gateway-caches.ts";
import { createResponses } from "./cache/response/create-responses.ts";
import { refuseUnknownSubgraphs } from "./composition/known-subgraphs.ts";
import { openSupergraphFile } from "./composition/supergraph-file.ts";
import { connectGraph } from "./connect-graph.ts";
import { connectLive } from "./connect-live.ts";
import { countErrors } from "./errors/counted-errors.ts";
import { createRequestScopes } from "./errors/request-scope.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import { createGatewayPart } from "./gateway-part.ts";
import { limitCalls } from "./http/call-limit-hook.ts";
import { createHttpListener } from "./http/http-listener.ts";
import { registerIngest } from "./http/ingest-route.ts";
import { liveMetrics, registerMetrics } from "./http/metrics-page.ts";
import { registerTokenEndpoint } from "./http/oauth-token-route.ts";
import { registerServices } from "./http/services-page.ts";
import { createLimits } from "./limits/create-limits.ts";
import { createPlanFeatures } from "./limits/plan-features.ts";
import { createOperations } from "./operations/create-operations.ts";
import type { OperationExecutor, SchemaSource } from "./ports.ts";
import { createTransport } from "./transport/create-transport.ts";

export interface Gateway {
  readonly schema: SchemaSource;
  readonly executor: OperationExecutor;
  /** Known after start. */
  readonly port: number;
}

const MAX_PLANS = 20_000;

/**
 * Reads the supergraph and adds the gateway to the lifecycle: it listens last and stops first.
 * @throws AppError `CONFIG_INVALID` when the supergraph cannot be used
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { settings, lifecycle, clock, logger, eventLog, eventFlow, cacheRegistry, counted } = options;
  const { knownSubgraphs } = options;
  const schema = await openSupergraphFile(settings.SUPERGRAPH_FILE, logger, {
    maxPlanOptions: settings.MAX_PLAN_OPTIONS,
    ...(options.scalars === undefined ? {} : { scalars: options.scalars }),
    ...(knownSubgraphs === undefined ? {} : { check: (next) => refuseUnknownSubgraphs(next, knownSubgraphs) }),
  });
  const scopes = createRequestScopes();
  const errors = countErrors({ trustMessages: options.trustMessages ?? false });
  const limits = createLimits(options, schema, () => planFeatures);
  const operations = await createOperations(options);
  const sources = options.eventSources ?? new Map();
  const caches = createGatewayCaches({ clock, logger, entityMb: settings.ENTITY_CACHE_MB, sources });
  const transport = createTransport(options, caches);
  const { dataSources } = transport;
  const authenticator =
    options.authenticator === undefined
      ? undefined
      : (limits.rates.calls?.observe(options.authenticator) ?? options.authenticator);
  const httpListener = await createHttpListener(options, () => live?.counters().tails ?? []);
  const { server, origins } = httpListener;

  const responses = createResponses(options, { schema, sources, documents: limits.documents });
  // After what its answers are made of: nothing may be made anew from what is yet to be evicted.
  if (responses !== undefined) caches.include(responses);
  if (caches.entities !== undefined) cacheRegistry?.add("entities", caches.entities);
  if (responses !== undefined) cacheRegistry?.add("responses", responses);
  const servesSubscription = (field: string) => live?.serves(field) ?? false;
  const graph = connectGraph(options, {
    schema,
    transport,
    responses,
    limits,
    scopes,
    errors,
    httpListener,
    servesSubscription,
  });
  const { executor } = graph;
  const planFeatures =
    eventLog === undefined
      ? undefined
      : createPlanFeatures({ executor, cache: createMemoryCache({ maxEntries: MAX_PLANS, clock }), eventLog, logger });
  const { eviction } = caches;
  const neighbours = { schema, authenticator, executor, dataSources, operations, limits, errors, origins, eviction };
  const live = connectLive(options, { ...neighbours, planFeatures });

  registerServices(server, transport.clients.targets);
  const { calls } = limits.rates;
  const limited = (scope: FastifyInstance) => {
    if (calls !== undefined) limitCalls(scope, calls, limits.admission);
  };
  if (options.webhooks !== undefined) registerWebhooks(server, options.webhooks, limited);
  if (options.deliver !== undefined && authenticator !== undefined) {
    registerIngest(server, { authenticator, send: options.deliver }, limited);
  }
  if (options.documentPages !== undefined) registerDocuments(server, options.documentPages, limited);
  if (options.tokenService !== undefined) registerTokenEndpoint(server, options.tokenService, limited);
  const metrics = [transport.metrics, operations.metrics, errors.metrics, limits.rates.metrics, caches.metrics];
  if (limits.admission !== undefined) metrics.push(limits.admission.metrics);
  if (responses !== undefined) metrics.push(responses.metrics);
  if (counted !== undefined) metrics.push(() => cacheMetrics(counted));
  if (options.metrics !== undefined) metrics.push(...options.metrics);
  if (live !== undefined) metrics.push(() => liveMetrics(live.counters()));
  if (eventFlow !== undefined) metrics.push(eventFlow.metrics);
  registerMetrics(server, metrics, [async () => [await degradedMetric(httpListener.checks)]]);

  const rooms = { schema, graph, authenticator, operations, limits, scopes, responses, live, transport, httpListener };
  const part = createGatewayPart(options, rooms);
  lifecycle.add({ name: "supergraph", stop: () => schema.stop() });
  if (options.authenticator !== undefined) lifecycle.add(options.authenticator);
  if (planFeatures !== undefined) lifecycle.add(planFeatures);
  lifecycle.add(part);
  return {
    schema,
    executor,
    get port() {
      return part.port;
    },
  };
}
