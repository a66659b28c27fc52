/** Serves one subgraph over HTTP: `POST /graphql` for the gateway, health routes, and the subgraph's own. */
import { z } from "zod";
import { cacheMetrics } from "../cache/cache-metrics.ts";
import { localDocuments } from "../documents/document.ts";
import { registerDocuments } from "../documents/document-routes.ts";
import { AppError } from "../errors/app-error.ts";
import type { EventFlow } from "../events/flow/event-flow.ts";
import { createServer, listen } from "../http/create-server.ts";
import { degradedMetric, registerHealthRoutes } from "../http/health.ts";
import { METRICS_TYPE, metricsText } from "../http/metrics-format.ts";
import { singleHeaders } from "../http/single-headers.ts";
import { registerIngestPoints } from "../ingest/ingest-routes.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { Logger } from "../logger/logger.ts";
import { localWebhooks } from "../webhooks/webhook.ts";
import { registerWebhooks } from "../webhooks/webhook-routes.ts";
import { registerDenials } from "./denials-route.ts";
import type { Subgraph } from "./subgraph.ts";

/** Requests come from our gateway, which batches entity fetches: generous, but bounded. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

const bodySchema = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

export interface SubgraphServerOptions {
  readonly subgraph: Subgraph;
  readonly flow: EventFlow;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  readonly host: string;
  readonly port: number;
  /** Variable that sets the port, for the advice when it is taken. */
  readonly portSetting: string;
  readonly release: string;
}

/** Adds the subgraph's parts and its HTTP server to the lifecycle: it listens last and closes first. */
export function addSubgraphServer(options: SubgraphServerOptions): { readonly port: number } {
  const { subgraph, flow, lifecycle, logger, host, port, portSetting, release } = options;
  const server = createServer({ logger, maxBodyBytes: MAX_BODY_BYTES });
  const checks = [...subgraph.checks, ...flow.checks];
  registerHealthRoutes(server, {
    service: subgraph.name,
    release,
    lifecycle,
    checks,
    restartReason: flow.restartReason,
    details: () => ({ events: flow.report() }),
  });
  const caches = subgraph.caches ?? [];
  server.get("/metrics", async (_request, reply) => {
    const own = [...cacheMetrics(caches), ...(subgraph.metrics?.() ?? [])];
    const metrics = [...own, ...flow.metrics(), await degradedMetric(checks)];
    return reply.type(METRICS_TYPE).send(metricsText(metrics));
  });
  subgraph.routes?.(server);
  registerWebhooks(server, localWebhooks([subgraph]));
  registerIngestPoints(server, subgraph.ingest ?? []);
  registerDocuments(server, localDocuments([subgraph]));
  registerDenials(server, subgraph.endpoint);
  server.post("/graphql", async (request, reply) => {
    const body = bodySchema.safeParse(request.body);
    if (!body.success) throw new AppError("BAD_REQUEST", "Send a JSON object with a `query`.");
    const response = await subgraph.endpoint.handle(singleHeaders(request.headers), body.data);
    return reply.status(response.status).send(response.body);
  });
  let actual = port;
  for (const part of [...subgraph.parts, flow.part]) lifecycle.add(part);
  lifecycle.add({
    name: `${subgraph.name} http`,
    start: async () => {
      actual = await listen(server, host, port, portSetting);
      logger.info({ host, port: actual }, `${subgraph.name} listens`);
    },
    stop: () => server.close(),
  });
  return {
    /** The one asked for until it listens. */
    get port() {
      return actual;
    },
  };
}
