/**
 * `/graphql` over HTTP: who asks, within which limits, then Apollo Server, or the live room for answers that stream.
 */
import type { ApolloServer } from "@apollo/server";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Identity } from "../../platform/auth/identity.ts";
import { AppError, findAppError } from "../../platform/errors/app-error.ts";
import { searchOf } from "../../platform/http/search-of.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { Stages } from "../../platform/tracing/stages.ts";
import { traceFromHeaders } from "../../platform/tracing/trace-context.ts";
import { StaleToken } from "../auth/stale-token.ts";
import type { CachedHttpAnswer, HttpResponseCache, PendingHttpAnswer } from "../cache/response/http-response-cache.ts";
import { toRequestError } from "../errors/public-error.ts";
import type { RequestScopes } from "../errors/request-scope.ts";
import type { Admission } from "../limits/admission/admission.ts";
import type { DocumentGuard } from "../limits/document-limits.ts";
import type { CallLimit } from "../limits/rate/call-limit.ts";
import { retryAfterSeconds } from "../limits/rate/rate-limited.ts";
import { clientNameOf } from "../operations/client-name.ts";
import { type HttpOperation, receiveHttp } from "../operations/http-operation.ts";
import type { ReceivedOperations } from "../operations/received-operations.ts";
import type { Authenticator, GatewayContext, HttpExchange, LivePart } from "../ports.ts";
import { statusLine } from "./answer-status.ts";
import { toApolloRequest } from "./apollo-request.ts";
import { limitCalls } from "./call-limit-hook.ts";
import { readOnlyJson } from "./content-type.ts";
import { pickForwarded } from "./forwarded-headers.ts";
import { bearerToken, clientOf } from "./request-caller.ts";
import { followStages } from "./request-stages.ts";
import { revalidate } from "./revalidation.ts";

export interface GraphQLRouteOptions {
  readonly server: ApolloServer<GatewayContext>;
  /** Absent in the standalone gateway: everybody is anonymous, and tokens are the subgraphs' matter. */
  readonly authenticator: Authenticator | undefined;
  readonly operations: ReceivedOperations;
  readonly guard: DocumentGuard;
  /** Absent: callers may call as often as they like. */
  readonly calls?: CallLimit | undefined;
  /** Absent: all operations run as they come. */
  readonly admission?: Admission | undefined;
  readonly scopes: RequestScopes;
  readonly logger: Logger;
  /** Names of client headers that go on to subgraphs. */
  readonly forward: readonly string[];
  /** From then on a request is answered with what has come, in milliseconds; absent: when all has come. */
  readonly timeoutMs?: number;
  /** Set on HTML answers. */
  readonly landingHeaders: Readonly<Record<string, string>>;
  /** Absent where there are no sockets and streams. */
  readonly live: LivePart | undefined;
  /** Whole answers that are cached; absent: none are. */
  readonly answers?: HttpResponseCache | undefined;
}

export function registerGraphQLRoute(fastify: FastifyInstance, options: GraphQLRouteOptions): void {
  const { server, scopes, logger, landingHeaders } = options;
  fastify.register(async (scope) => {
    if (options.calls !== undefined) limitCalls(scope, options.calls, options.admission);
    readOnlyJson(scope);
    revalidate(scope);
    scope.route({
      method: ["GET", "POST"],
      url: "/graphql",
      async handler(request, reply) {
        const trace = traceFromHeaders(request.headers);
        const stages = followStages(trace, reply);
        const sent = await receiveHttp(options.operations, {
          method: request.method,
          body: request.body,
          search: searchOf(request),
          client: clientNameOf(request.headers),
        });
        const identify = identifier(request, options.authenticator);
        const forwardedHeaders = pickForwarded(request.headers, options.forward);
        const asked = await ask(request, sent, options.answers, { identify, forwardedHeaders });
        if (asked?.kind === "cached") {
          sent.received?.accepted(asked.operationName);
          reply.header("x-trace-id", trace.traceId);
          stages?.enter("output");
          return asked.send(reply);
        }
        const requestLogger = logger.child({ traceId: trace.traceId });
        return scopes.run({ traceId: trace.traceId, logger: requestLogger, stages }, async () => {
          try {
            const facts = { sent, trace, stages, logger: requestLogger, identify, forwardedHeaders, asked };
            const streamed = await streams(request, reply, options, facts);
            if (streamed === "taken") return reply;
            const answer = await server.executeHTTPGraphQLRequest({
              httpGraphQLRequest: toApolloRequest(request, sent, {
                checked: streamed === "refused",
                parseDocument: options.guard.parse,
              }),
              context: () => admit(request, reply, options, facts),
            });
            if (answer.body.kind !== "complete") throw new Error("incremental delivery is not supported");
            for (const [name, value] of answer.headers) reply.header(name, value);
            const contentType = answer.headers.get("content-type");
            if (contentType?.startsWith("text/html") === true) reply.headers(landingHeaders);
            const { status, reason } = statusLine(answer.status, contentType);
            if (reason !== undefined) reply.raw.statusMessage = reason;
            if (status === 401) reply.header("www-authenticate", "Bearer");
            const text = answer.body.string;
            const body = asked === undefined ? text : asked.store(reply, { status, contentType, text });
            if (status < 400) stages?.enter("output");
            return reply.status(status).send(body);
          } finally {
            asked?.end();
          }
        });
      },
    });
    scope.route({
      method: ["PUT", "PATCH", "DELETE"],
      url: "/graphql",
      async handler(_request, reply) {
        reply.header("allow", "GET, POST");
        throw new AppError("BAD_REQUEST", "Send GraphQL requests by POST, or queries by GET.", { status: 405 });
      },
    });
  });
}

/** A request with its document, and by what its answer and its log lines are found. */
interface RequestFacts extends Pick<HttpExchange, "trace" | "logger" | "forwardedHeaders"> {
  readonly sent: HttpOperation;
  readonly identify: Identify;
  readonly stages: Stages | undefined;
  /** The answer, where it may be cached. */
  readonly asked: PendingHttpAnswer | undefined;
}

/**
 * Who asks. One answer per request, however often it is asked for: what is cached for somebody was made for exactly
 * them.
 */
type Identify = () => Promise<Identity>;

const ANONYMOUS: Identity = { kind: "ANONYMOUS" };

function identifier(request: FastifyRequest, authenticator: Authenticator | undefined): Identify {
  let identity: Promise<Identity> | undefined;
  async function identify(): Promise<Identity> {
    if (authenticator === undefined) return ANONYMOUS;
    return (await authenticator.authenticate(bearerToken(request), clientOf(request))).identity;
  }
  return () => {
    identity ??= identify();
    return identity;
  };
}

/** @returns `undefined` where nothing is cached, and for a refused caller, who is answered where all refusals are */
async function ask(
  request: FastifyRequest,
  sent: HttpOperation,
  answers: HttpResponseCache | undefined,
  { identify, forwardedHeaders }: Pick<RequestFacts, "identify" | "forwardedHeaders">,
): Promise<CachedHttpAnswer | PendingHttpAnswer | undefined> {
  const question = answers?.cacheableRequest(request.method, request.headers, sent);
  if (answers === undefined || question === undefined) return undefined;
  const identity = await identify().catch(() => undefined);
  return identity === undefined ? undefined : answers.lookUp(question, { identity, forwardedHeaders });
}

/**
 * `taken`: the live room answers. `refused`: it would, if the request were well-formed. `passed`: the answer does not
 * stream.
 */
type StreamOutcome = "taken" | "refused" | "passed";

async function streams(
  request: FastifyRequest,
  reply: FastifyReply,
  { live, authenticator }: GraphQLRouteOptions,
  { sent, trace, stages, logger, forwardedHeaders }: RequestFacts,
): Promise<StreamOutcome> {
  const { method, headers } = request;
  try {
    const answering = live?.handleHttp?.({
      method,
      headers,
      // Read by the few requests that stream only.
      get lastEventId() {
        return new URLSearchParams(searchOf(request)).get("lastEventId") ?? undefined;
      },
      sent,
      client: clientOf(request),
      trace,
      logger,
      forwardedHeaders,
      // Without an authenticator the header is the subgraphs' matter, whatever its scheme.
      token: () => (authenticator === undefined ? undefined : bearerToken(request)),
      take() {
        stages?.enter("output");
        reply.hijack();
        for (const [name, value] of Object.entries(reply.getHeaders())) {
          if (value !== undefined) reply.raw.setHeader(name, value);
        }
        return reply.raw;
      },
    });
    return answering !== undefined && answering !== false && (await answering) ? "taken" : "passed";
  } catch (error) {
    // Told where all refusals of malformed requests are.
    if (error === sent.refused) return "refused";
    reply.header("x-trace-id", trace.traceId);
    const status = findAppError(error)?.status;
    if (status === 401) reply.header("www-authenticate", "Bearer");
    if (status === 405) reply.header("allow", "POST");
    if (status === 503) reply.header("retry-after", "1");
    const wait = retryAfterSeconds(error);
    if (wait !== undefined) reply.header("retry-after", String(wait));
    throw error;
  }
}

/** Called by Apollo Server after its check for cross-site requests and before it looks at the operation. */
async function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  { guard, timeoutMs }: GraphQLRouteOptions,
  { sent, trace, stages, logger, identify, forwardedHeaders, asked }: RequestFacts,
): Promise<GatewayContext> {
  try {
    const { identity, staleToken } = await identifyOrNobody(identify);
    if (sent.refused !== undefined) throw sent.refused;
    stages?.enter("sanitisation");
    const client = clientOf(request);
    const clientName = clientNameOf(request.headers);
    stages?.enter("parsing");
    const { received, parameters } = sent;
    if (received !== undefined) guard.parse(received.text);
    const gone = new AbortController();
    reply.raw.once("close", () => {
      if (!reply.raw.writableEnded) gone.abort(new Error("the caller is gone"));
    });
    return {
      identity,
      ...(staleToken === undefined ? {} : { staleToken }),
      client,
      ...(clientName === undefined ? {} : { clientName }),
      trace,
      stages,
      logger,
      forwardedHeaders,
      ...asked?.context,
      signal: gone.signal,
      ...(timeoutMs === undefined ? {} : { deadline: performance.now() + timeoutMs }),
      ...(received === undefined ? {} : { received }),
      ...(request.method === "GET" && parameters?.variables !== undefined
        ? { sentVariables: parameters.variables }
        : {}),
    };
  } catch (error) {
    const appError = findAppError(error);
    throw appError === undefined ? error : toRequestError(appError);
  }
}

/** Whoever's token is no longer good is nobody. What they may ask is known when the operation is. */
async function identifyOrNobody(identify: Identify): Promise<Pick<GatewayContext, "identity" | "staleToken">> {
  try {
    return { identity: await identify() };
  } catch (error) {
    if (error instanceof StaleToken) return { identity: ANONYMOUS, staleToken: error };
    throw error;
  }
}
