/**
 * Apollo Server over the query engine: validation, execution, and the shape of every answer (public errors, HTTP
 * status, extensions), the same over HTTP and for operations that come over a socket.
 */
import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import { type FormattedExecutionResult, GraphQLError, OperationTypeNode } from "graphql";
import type { Logger } from "../../platform/logger/logger.ts";
import type { QueryEngine } from "../engine/engine-contract.ts";
import { quietLogger } from "../engine/quiet-logger.ts";
import { writeResult } from "../engine/response/write-result.ts";
import type { CountedErrors } from "../errors/counted-errors.ts";
import { toRequestError, WRONG_ANSWER } from "../errors/public-error.ts";
import type { RequestScope, RequestScopes } from "../errors/request-scope.ts";
import type { OperationTurns } from "../limits/admission/operation-turns.ts";
import type { Cost } from "../limits/cost-guard.ts";
import type { OperationGuard } from "../limits/operation-guard.ts";
import type { PublicFields } from "../limits/public-fields.ts";
import type { OperationLimit } from "../limits/rate/operation-limit.ts";
import { subscriptionField, subscriptionNotSupported } from "../operations/unserved-subscription.ts";
import type { GatewayContext } from "../ports.ts";
import { setStatus } from "./answer-status.ts";

export interface GraphQLServerOptions {
  readonly engine: QueryEngine;
  readonly scopes: RequestScopes;
  readonly errors: CountedErrors;
  readonly publicFields: PublicFields;
  readonly guard: OperationGuard;
  readonly rates: OperationLimit;
  /** Absent: all operations run as they come. */
  readonly turns: OperationTurns | undefined;
  readonly introspection: boolean;
  readonly production: boolean;
  readonly logger: Logger;
  /** HTML for browsers that open the endpoint. */
  readonly landingPage: string | undefined;
  /**
   * Awaited before the answer to a mutation that changed the caller's rights leaves: the next request must see them.
   */
  readonly onRightsChanged: (context: GatewayContext) => Promise<void>;
  /** Can this field of the root type `Subscription` be followed on another transport? */
  readonly servesSubscription: (field: string) => boolean;
}

/** Selections after expansion of fragments, checked by Apollo Server after our limits on the text. */
const MAX_SELECTIONS = 5_000;
/** What is wrong with a document is told up to here; a hundred problems cost more than a document that is right. */
const MAX_PROBLEMS = 10;

export function createGraphQLServer(options: GraphQLServerOptions): ApolloServer<GatewayContext> {
  const { engine, scopes, errors, introspection, production, logger, landingPage } = options;
  return new ApolloServer<GatewayContext>({
    gateway: engine,
    introspection,
    hideSchemaDetailsFromClientErrors: production,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    maxRecursiveSelections: MAX_SELECTIONS,
    validationOptions: { maxErrors: MAX_PROBLEMS },
    persistedQueries: false,
    stringifyResult: writeResult,
    stopOnTerminationSignals: false,
    nodeEnv: production ? "production" : "test",
    logger: quietLogger(logger),
    plugins: [ApolloServerPluginCacheControlDisabled(), answers(options), landing(landingPage)],
    formatError(formatted, error) {
      const scope = scopes.current() ?? { traceId: "none", logger };
      const graphqlError = error instanceof GraphQLError ? error : new GraphQLError(formatted.message);
      // Later it is known already, at the stage where it happened.
      if (scope.stages?.isBefore("formatting")) scope.stages.fail(graphqlError);
      return errors.toPublic(graphqlError, scope);
    },
  });
}

function answers(options: GraphQLServerOptions): ApolloServerPlugin<GatewayContext> {
  const { errors, publicFields, guard, rates, turns, onRightsChanged, servesSubscription, production } = options;
  return {
    async unexpectedErrorProcessingRequest({ requestContext }) {
      requestContext.contextValue.endTurn?.();
    },
    async requestDidStart({ request: asked, contextValue: { sentVariables } }) {
      if (sentVariables !== undefined) asked.variables = { ...sentVariables };
      let cost: Cost | undefined;
      return {
        async didResolveOperation({ schema, document, operation, request, contextValue }) {
          if (operation == null) throw unresolvedOperation(request.operationName);
          if (operation.operation === OperationTypeNode.SUBSCRIPTION) {
            const field = subscriptionField(document, operation);
            if (!servesSubscription(field.name.value)) throw subscriptionNotSupported(field);
            throw refusal(
              "BAD_REQUEST",
              "Subscribe on this address over WebSocket (graphql-transport-ws), or with `Accept: text/event-stream`.",
            );
          }
          const admitted = { schema, document, operation, variables: request.variables ?? {} };
          const { staleToken } = contextValue;
          if (staleToken !== undefined && !publicFields.coverAll(admitted)) throw toRequestError(staleToken);
          cost = guard.admit(admitted);
          await rates.admit(admitted, contextValue, cost.estimated);
          await turns?.begin(admitted, contextValue, cost.estimated);
          contextValue.received?.accepted(operation.name?.value);
          if (!production) contextValue.cacheUse = { hits: 0, misses: 0 };
        },
        async willSendResponse({ response, contextValue }) {
          contextValue.endTurn?.();
          if (contextValue.rightsChanged === true) await onRightsChanged(contextValue);
          if (response.body.kind !== "single") return;
          const result = response.body.singleResult;
          showIncomplete(result, errors, { traceId: contextValue.trace.traceId, logger: contextValue.logger });
          setStatus(response.http, result);
          if (cost !== undefined) result.extensions = { ...result.extensions, cost };
          const { cacheUse } = contextValue;
          if (cacheUse !== undefined && cacheUse.hits + cacheUse.misses > 0) {
            result.extensions = { ...result.extensions, cache: { fetches: cacheUse } };
          }
          if (contextValue.idempotencyReplayed === true) {
            result.extensions = { ...result.extensions, idempotency: { replayed: true } };
          }
          response.http.headers.set("x-trace-id", contextValue.trace.traceId);
          response.http.headers.set("cache-control", "no-store");
        },
      };
    },
  };
}

/**
 * Where a subgraph left out a field that may not be null, @apollo/gateway 2.14.4 nulls what holds it and tells so only
 * in an extension; an answer with holes must have errors.
 */
function showIncomplete(result: FormattedExecutionResult, errors: CountedErrors, scope: RequestScope): void {
  const { valueCompletion, ...extensions } = result.extensions ?? {};
  if (!Array.isArray(valueCompletion)) return;
  const missing = valueCompletion.filter((error) => error instanceof GraphQLError);
  result.errors = [
    ...(result.errors ?? []),
    ...missing.map((error) =>
      errors.toPublic(
        new GraphQLError(error.message, { path: error.path ?? null, extensions: { code: WRONG_ANSWER } }),
        scope,
      ),
    ),
  ];
  if (Object.keys(extensions).length > 0) result.extensions = extensions;
  else delete result.extensions;
}

/** Without a page of ours there is none: Apollo Server's own loads scripts from elsewhere. */
function landing(html: string | undefined): ApolloServerPlugin<GatewayContext> {
  if (html === undefined) return ApolloServerPluginLandingPageDisabled();
  return {
    async serverWillStart() {
      return { renderLandingPage: async () => ({ html }) };
    },
  };
}

function unresolvedOperation(name: string | null | undefined): GraphQLError {
  return refusal(
    "OPERATION_RESOLUTION_FAILURE",
    name == null || name === ""
      ? "The document holds several operations: name one with `operationName`."
      : "The document holds no operation of the given name.",
  );
}

function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: 400 } } });
}
