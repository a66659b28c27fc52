/**
 * The gateway: one address in front of all subgraphs. `createGateway` wires its rooms; it reads no environment and opens no port
 * before its part is started.
 */
import { cacheMetrics } from "../platform/cache/cache-metrics.ts";
import { createMemoryCache } from "../platform/cache/memory-cache.ts";
import { createServer, listen } from "../platform/http/create-server.ts";
import { registerHealthRoutes } from "../platform/http/health.ts";
import type { MetricsSource } from "../platform/http/metrics-format.ts";
import { createGatewayCaches } from "./cache/gateway-caches.ts";
import { createHttpAnswers } from "./cache/response/http-answers.ts";
import { createResponseCache } from "./cache/response/response-cache.ts";
import { openSupergraphFile } from "./composition/supergraph-file.ts";
import { createOperationExecutor } from "./engine/operation-executor.ts";
import { createQueryEngine } from "./engine/query-engine.ts";
import { countErrors } from "./errors/counted-errors.ts";
import { createRequestScopes } from "./errors/request-scope.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import { closeDoor, routeUpgrades } from "./http/door.ts";
import { ANY_GRAPH, EXAMPLES_FOLDER, readExamples } from "./http/examples.ts";
import { sendClientsAway } from "./http/going-away.ts";
import { registerGraphQLRoute } from "./http/graphql-route.ts";
import { createGraphQLServer } from "./http/graphql-server.ts";
import { countInFlight } from "./http/in-flight.ts";
import { liveMetrics, registerMetrics } from "./http/metrics-page.ts";
import { createOrigins, registerCors } from "./http/origins.ts";
import { registerPages } from "./http/pages.ts";
import { registerServices } from "./http/services-page.ts";
import { createCostGuard } from "./limits/cost-guard.ts";
import { createDocumentGuard } from "./limits/document-limits.ts";
import { createPlanFeatures } from "./limits/plan-features.ts";
import { createRateLimits } from "./limits/rate/create-rate-limits.ts";
import { createOperations } from "./operations/create-operations.ts";
import type { OperationExecutor, SchemaSource } from "./ports.ts";
import { callPolicy } from "./transport/call-policy.ts";
import { createDataSources } from "./transport/data-sources.ts";
import { stagedHeaders } from "./transport/staged-headers.ts";
import { createSubgraphClients } from "./transport/subgraph-clients.ts";
import { transportMetrics } from "./transport/transport-metrics.ts";

export interface Gateway {
  readonly schema: SchemaSource;
  readonly executor: OperationExecutor;
  /** Known after start. */
  readonly port: number;
}

/** Requests under way at a stop get what is left of this, and the shorter time at least. */
const STOP_MS = 8_000;
const LEAST_REQUEST_MS = 1_000;
const PLANS_KEPT = 20_000;
/** Calls of one caller per window, where it is known who calls and nothing else is set. */
const CALLS = 10_000;

/**
 * Reads the supergraph and adds the gateway to the lifecycle: it listens last and stops first.
 * @throws AppError `CONFIG_INVALID` when the supergraph cannot be used
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { settings, lifecycle, logger } = options;
  const schema = await openSupergraphFile(settings.SUPERGRAPH_FILE, logger, settings.MAX_PLAN_OPTIONS);
  const scopes = createRequestScopes();
  const errors = countErrors();
  const guard = createDocumentGuard({
    maxTokens: settings.MAX_TOKENS,
    maxDepth: settings.MAX_DEPTH,
    maxAliases: settings.MAX_ALIASES,
    maxRootFields: settings.MAX_ROOT_FIELDS,
  });
  const costs = createCostGuard({
    schema,
    maxCost: settings.MAX_COST,
    assumedListSize: settings.COST_ASSUMED_LIST_SIZE,
  });
  const operations = await createOperations(options);
  const sources = options.eventSources ?? new Map();
  const caches = createGatewayCaches({ clock: options.clock, logger, entityMb: settings.ENTITY_CACHE_MB, sources });
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
  const dataSources = createDataSources(clients);
  const rates = createRateLimits({
    schema,
    points: settings.RATE_LIMIT_POINTS ?? (options.authenticator === undefined ? undefined : CALLS),
    windowMs: settings.RATE_LIMIT_WINDOW_MS,
    sharing: options.counting,
    planFeatures: () => planFeatures,
  });
  const { calls } = rates;
  const authenticator =
    options.authenticator === undefined ? undefined : (calls?.observe(options.authenticator) ?? options.authenticator);
  const origins = createOrigins([
    ...settings.ALLOWED_ORIGINS,
    ...(settings.GATEWAY_PUBLIC_URL === undefined ? [] : [settings.GATEWAY_PUBLIC_URL]),
  ]);
  const introspection = settings.INTROSPECTION ?? !options.production;

  const server = createServer({ logger, maxBodyBytes: settings.MAX_BODY_BYTES, sockets: true });
  const inFlight = countInFlight(server);
  const goingAway = sendClientsAway(server, lifecycle);
  await registerCors(server, origins);
  registerHealthRoutes(server, {
    service: "gateway",
    release: options.release,
    lifecycle,
    checks: options.checks ?? [],
  });
  options.routes?.(server);
  const pages = await registerPages(server, {
    introspection,
    webClient: options.webClient,
    examples: authenticator === undefined ? ANY_GRAPH : await readExamples(EXAMPLES_FOLDER),
  });

  const responses =
    settings.RESPONSE_CACHE_MB === 0 || settings.EXECUTOR === "apollo"
      ? undefined
      : createResponseCache({
          schema,
          maxBytes: settings.RESPONSE_CACHE_MB * 2 ** 20,
          clock: options.clock,
          sources,
          shown: !options.production,
          parse: guard.parse,
        });
  // After what its answers are made of: nothing may be made anew from what is yet to be evicted.
  if (responses !== undefined) caches.include(responses);
  const graphql = createGraphQLServer({
    engine: createQueryEngine(settings.EXECUTOR, {
      schema,
      clients,
      dataSources,
      inspection: responses?.inspection,
      logger,
    }),
    scopes,
    errors,
    costs,
    rates: rates.operations,
    introspection,
    production: options.production,
    logger,
    landingPage: pages.landing,
    onRightsChanged: async ({ identity }) => options.authenticator?.forget(identity),
  });
  const executor = createOperationExecutor({ server: graphql, guard, scopes, errors });
  const { createLive, eventLog } = options;
  if (caches.entities !== undefined) options.cacheRegistry?.add("entities", caches.entities);
  if (responses !== undefined) options.cacheRegistry?.add("responses", responses);
  const planFeatures =
    eventLog === undefined
      ? undefined
      : createPlanFeatures({
          executor,
          cache: createMemoryCache({ maxEntries: PLANS_KEPT, clock: options.clock }),
          eventLog,
          logger,
        });
  const live =
    createLive === undefined || eventLog === undefined || authenticator === undefined || planFeatures === undefined
      ? undefined
      : createLive({
          schema,
          authenticator,
          executor,
          dataSources: () => dataSources.of(schema.current()),
          eventLog,
          settings,
          lifecycle,
          clock: options.clock,
          logger,
          operations,
          parseDocument: guard.parse,
          admitCost: costs.admit,
          ...(calls === undefined
            ? {}
            : { admitCall: async (identity, { ip }) => void (await calls.call(identity, ip)) }),
          publicErrors: (found, { trace, logger: requestLogger }) =>
            found.map((error) => errors.toPublic(error, { traceId: trace.traceId, logger: requestLogger })),
          originAllowed: origins.allowed,
          eviction: caches.eviction,
          planFeatures,
          ...(options.roster === undefined ? {} : { roster: options.roster }),
        });

  registerServices(server, clients.targets);
  const metrics: MetricsSource[] = [
    () => transportMetrics(clients.targets(), clients.pool),
    operations.metrics,
    errors.metrics,
    rates.metrics,
    caches.metrics,
  ];
  if (responses !== undefined) metrics.push(responses.metrics);
  if (options.counted !== undefined) metrics.push(() => cacheMetrics(options.counted ?? []));
  if (live !== undefined) metrics.push(() => liveMetrics(live.counters()));
  registerMetrics(server, metrics);
  let port = settings.GATEWAY_PORT;
  lifecycle.add({ name: "supergraph", stop: () => schema.stop() });
  if (options.authenticator !== undefined) lifecycle.add(options.authenticator);
  if (planFeatures !== undefined) lifecycle.add(planFeatures);
  lifecycle.add({
    name: "gateway http",
    async start() {
      // Apollo Server takes the schema while it starts, so it starts after everything it may call.
      await graphql.start();
      registerGraphQLRoute(server, {
        server: graphql,
        authenticator,
        operations,
        guard,
        calls,
        scopes,
        logger,
        forward: options.forward ?? [],
        timeoutMs: settings.REQUEST_TIMEOUT_MS,
        landingHeaders: pages.landingHeaders,
        live,
        answers: responses === undefined ? undefined : createHttpAnswers(responses, options.clock),
      });
      await live?.start();
      routeUpgrades(server, live);
      port = await listen(server, options.host, settings.GATEWAY_PORT, "GATEWAY_PORT");
      for (const name of ["127.0.0.1", "localhost"]) origins.add(`http://${name}:${port}`);
      logger.info({ host: options.host, port, generation: schema.current().id }, "gateway listens");
    },
    async stop() {
      const since = performance.now();
      await live?.stop();
      // The door stays open until then: `/ready` tells balancers to send nobody any more.
      await goingAway.everybodyLeft(settings.DRAIN_NOTICE_MS - (performance.now() - since));
      await inFlight.settled(Math.max(LEAST_REQUEST_MS, STOP_MS - (performance.now() - since)));
      await closeDoor(server);
      await graphql.stop();
      clients.stop();
    },
  });
  return {
    schema,
    executor,
    get port() {
      return port;
    },
  };
}
