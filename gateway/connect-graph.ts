/**
 * The graph as it is executed: the query engine behind validation, limits and the form of every answer, over HTTP and
 * from within.
 */
import type { ApolloServer } from "@apollo/server";
import type { ResponseCache } from "./cache/response/response-cache.ts";
import { createOperationExecutor } from "./engine/operation-executor.ts";
import { createQueryEngine } from "./engine/query-engine.ts";
import type { CountedErrors } from "./errors/counted-errors.ts";
import type { RequestScopes } from "./errors/request-scope.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import { createGraphQLServer } from "./http/graphql-server.ts";
import type { HttpListener } from "./http/http-listener.ts";
import { createOperationTurns } from "./limits/admission/operation-turns.ts";
import type { Limits } from "./limits/create-limits.ts";
import type { GatewayContext, OperationExecutor, SchemaSource } from "./ports.ts";
import type { Transport } from "./transport/create-transport.ts";

export interface GraphDependencies {
  readonly schema: SchemaSource;
  readonly transport: Transport;
  readonly responses: ResponseCache | undefined;
  readonly limits: Limits;
  readonly scopes: RequestScopes;
  readonly errors: CountedErrors;
  readonly httpListener: HttpListener;
  /** Asked per operation: the live room is made after the graph that it asks. */
  readonly servesSubscription: (field: string) => boolean;
}

export interface Graph {
  readonly server: ApolloServer<GatewayContext>;
  readonly executor: OperationExecutor;
}

export function connectGraph(options: GatewayOptions, neighbours: GraphDependencies): Graph {
  const { settings, production, logger } = options;
  const { schema, transport, responses, limits, scopes, errors, httpListener, servesSubscription } = neighbours;
  const { clients, dataSources } = transport;
  const server = createGraphQLServer({
    engine: createQueryEngine(settings.EXECUTOR, {
      schema,
      clients,
      dataSources,
      inspection: responses?.inspection,
      logger,
    }),
    scopes,
    errors,
    publicFields: limits.publicFields,
    guard: limits.operations,
    rates: limits.rates.operations,
    turns: limits.admission === undefined ? undefined : createOperationTurns(limits.admission),
    introspection: httpListener.introspection,
    production,
    logger,
    landingPage: httpListener.pages.landing,
    servesSubscription,
    onRightsChanged: async ({ identity }) => options.authenticator?.forget(identity),
  });
  return { server, executor: createOperationExecutor({ server, guard: limits.documents, scopes, errors }) };
}
