/** In which order the gateway begins and ends: what may be called is ready before who calls it, and ends after it. */
import type { LifecyclePart } from "../platform/lifecycle/lifecycle.ts";
import { createHttpResponseCache } from "./cache/response/http-response-cache.ts";
import type { ResponseCache } from "./cache/response/response-cache.ts";
import type { Graph } from "./connect-graph.ts";
import type { RequestScopes } from "./errors/request-scope.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import { registerGraphQLRoute } from "./http/graphql-route.ts";
import type { HttpListener } from "./http/http-listener.ts";
import { routeUpgrades } from "./http/route-upgrades.ts";
import type { Limits } from "./limits/create-limits.ts";
import type { ReceivedOperations } from "./operations/received-operations.ts";
import type { Authenticator, LivePart, SchemaSource } from "./ports.ts";
import type { Transport } from "./transport/create-transport.ts";

export interface GatewayRooms {
  readonly schema: SchemaSource;
  readonly graph: Graph;
  readonly authenticator: Authenticator | undefined;
  readonly operations: ReceivedOperations;
  readonly limits: Limits;
  readonly scopes: RequestScopes;
  readonly responses: ResponseCache | undefined;
  readonly live: LivePart | undefined;
  readonly transport: Transport;
  readonly httpListener: HttpListener;
}

export interface GatewayPart extends LifecyclePart {
  /** Known after start. */
  readonly port: number;
}

export function createGatewayPart(options: GatewayOptions, rooms: GatewayRooms): GatewayPart {
  const { settings, host, clock, logger } = options;
  const { schema, graph, authenticator, operations, limits, scopes, responses, live, transport, httpListener } = rooms;
  let port = settings.GATEWAY_PORT;
  return {
    name: "gateway http",
    get port() {
      return port;
    },
    async start() {
      // Apollo Server takes the schema while it starts, so it starts after everything it may call.
      await graph.server.start();
      registerGraphQLRoute(httpListener.server, {
        server: graph.server,
        authenticator,
        operations,
        guard: limits.documents,
        calls: limits.rates.calls,
        admission: limits.admission,
        scopes,
        logger,
        forward: options.forward ?? [],
        timeoutMs: settings.REQUEST_TIMEOUT_MS,
        landingHeaders: httpListener.pages.landingHeaders,
        live,
        answers: responses === undefined ? undefined : createHttpResponseCache(responses, clock),
      });
      await live?.start();
      routeUpgrades(httpListener.server, live);
      port = await httpListener.open();
      logger.info({ host, port, generation: schema.current().id }, "gateway listens");
    },
    async stop() {
      const since = performance.now();
      await live?.stop();
      await httpListener.close(since);
      await graph.server.stop();
      transport.clients.stop();
    },
  };
}
