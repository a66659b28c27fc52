/**
 * Operations whose answer streams over HTTP: Server-Sent Events (GraphQL over SSE, distinct connections) and multipart
 * subscriptions, one operation per request. The same hub, rights and error codes as on a socket.
 */
import { type GraphQLFormattedError, getOperationAST, OperationTypeNode } from "graphql";
import { principalId, principalOf } from "../../../platform/auth/identity.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import { kindOf } from "../../operations/operation-kind.ts";
import type { GatewayContext, HttpExchange, LivePorts, Revocation } from "../../ports.ts";
import type { Quota } from "../access/quota.ts";
import { createSessionRevalidation, type SessionRevalidation } from "../access/session-revalidation.ts";
import { drainSockets, STOP_GRACE_MS } from "../drain.ts";
import type { Hub, Subscription } from "../hub.ts";
import { toGraphQLErrors, unresolved } from "../plan/operation-errors.ts";
import { requestedStream } from "./accept.ts";
import { STREAM_FORMATS, type StreamFormat } from "./format.ts";
import { type HttpStream, openHttpStream } from "./http-stream.ts";
import { STREAM_END, STREAM_END_OF_SESSION, type StreamEnd, streamEndError } from "./stream-end.ts";
import { readStreamRequest, type StreamRequest } from "./stream-request.ts";

export interface HttpStreams {
  /**
   * @returns `false` when the caller does not need a stream: the exchange was not touched
   * @throws AppError what is refused before a stream is opened, and `sent.refused`
   */
  handle(exchange: HttpExchange): false | Promise<boolean>;
  start(): void;
  /** Refuses new streams and ends the open ones, spread over `DRAIN_MS`; resolves when all are gone. */
  stop(): Promise<void>;
}

/**
 * A proxy that compresses holds an event back until its compressor is full: `no-transform` forbids it (RFC 9111,
 * section 5.2.2.6). What a viewer follows is kept by nobody.
 */
const CACHE_CONTROL = "no-cache, no-store, no-transform";

type StreamPorts = Omit<LivePorts, "dataSources" | "eventLog">;

/** One request whose answer streams. */
interface Session {
  readonly exchange: HttpExchange;
  readonly revalidation: SessionRevalidation;
  stream?: HttpStream;
  subscription?: Subscription;
  /** Why it ends as soon as it has a stream. */
  due?: StreamEnd;
}

/** @param ofPrincipals connections per user or API key, shared with the sockets */
export function createHttpStreams(hub: Hub, ports: StreamPorts, ofPrincipals: Quota): HttpStreams {
  const { authenticator, settings, lifecycle } = ports;
  const sessions = new Set<Session>();
  let stopping = false;
  let endListening: (() => void) | undefined;

  function createSession(exchange: HttpExchange): Session {
    const session: Session = {
      exchange,
      revalidation: createSessionRevalidation(ports, {
        client: exchange.client,
        onChange: () => session.subscription?.reconsider(),
        onEnd: (why) => endBecause(session, STREAM_END_OF_SESSION[why]),
      }),
    };
    return session;
  }

  function endBecause(session: Session, why: StreamEnd): void {
    const { stream, exchange } = session;
    if (stream === undefined) session.due = why;
    else stream.fail(JSON.stringify([streamEndError(why, exchange.trace.traceId, stream.sentCursor)]));
  }

  function contextOf({ exchange, revalidation, stream }: Session): GatewayContext {
    const { client, trace, logger, forwardedHeaders, sent } = exchange;
    const { received } = sent;
    const asked = received === undefined ? {} : { received };
    const signal = stream?.signal;
    const aborting = signal === undefined ? {} : { signal };
    return { identity: revalidation.identity(), client, trace, logger, forwardedHeaders, ...asked, ...aborting };
  }

  function publicErrors(session: Session, error: unknown): GraphQLFormattedError[] {
    return ports.publicErrors(toGraphQLErrors(error), contextOf(session));
  }

  /**
   * Counts the viewer's connections. @returns what gives the place back
   * @throws AppError when the viewer may open no stream of this kind, or no more of them
   */
  function admit({ revalidation }: Session, kind: OperationTypeNode | undefined): () => void {
    const principal = principalOf(revalidation.identity());
    if (principal === undefined) {
      const mustSignIn = kind === OperationTypeNode.SUBSCRIPTION && authenticator !== undefined;
      if (mustSignIn) throw new AppError("UNAUTHENTICATED", "Sign in to follow events.");
      return () => undefined;
    }
    const holder = principalId(principal);
    if (ofPrincipals.isUsedUp(holder)) {
      const message = `${ofPrincipals.limit} sockets and streams of yours are open: close one, or use a socket, which carries many operations.`;
      throw new AppError("TOO_MANY_SUBSCRIPTIONS", message);
    }
    ofPrincipals.take(holder);
    return () => ofPrincipals.release(holder);
  }

  function openStream(session: Session, format: StreamFormat, release: () => void): HttpStream {
    const { exchange, revalidation } = session;
    const response = exchange.take();
    response.writeHead(200, {
      "content-type": format.contentType,
      "cache-control": CACHE_CONTROL,
      "x-accel-buffering": "no",
      "x-trace-id": exchange.trace.traceId,
    });
    const stream = openHttpStream({
      response,
      format,
      heartbeatMs: settings.SSE_HEARTBEAT_MS,
      onHeartbeat: revalidation.confirm,
      onSlow() {
        exchange.logger.warn({ waiting: response.writableLength }, "a stream's reader does not keep up");
        hub.meter.slowCloses += 1;
        endBecause(session, STREAM_END.slowConsumer);
      },
      onOver() {
        sessions.delete(session);
        revalidation.dispose();
        release();
      },
    });
    session.stream = stream;
    return stream;
  }

  async function follow(session: Session, stream: HttpStream, request: StreamRequest, name?: string): Promise<void> {
    const { revalidation, exchange } = session;
    const subscription = await hub.subscribe({
      ...request,
      viewer: { identity: () => revalidation.identity(), client: exchange.client },
      sink: {
        next: stream.next,
        writable: stream.writable,
        fail: (error) => stream.fail(JSON.stringify(publicErrors(session, error))),
      },
      transport: stream.transport,
    });
    session.subscription = subscription;
    exchange.sent.received?.accepted(name);
    stream.follow(subscription);
    // Rights may have changed while the position was looked for.
    subscription.reconsider();
  }

  async function run(session: Session, stream: HttpStream, request: StreamRequest): Promise<void> {
    try {
      // Thrown here so that what is wrong with the document is told on the stream.
      const operation = getOperationAST(ports.parseDocument(request.query), request.operationName);
      if (operation == null) throw unresolved();
      if (operation.operation === OperationTypeNode.SUBSCRIPTION) {
        return await follow(session, stream, request, operation.name?.value);
      }
      const result = await ports.executor.execute({
        query: request.query,
        operationName: request.operationName,
        variables: request.variables,
        context: contextOf(session),
      });
      stream.next(JSON.stringify(result));
    } catch (error) {
      stream.next(JSON.stringify({ errors: publicErrors(session, error) }));
    }
    stream.complete();
  }

  async function answer(session: Session, format: StreamFormat, request: StreamRequest): Promise<boolean> {
    // Heard of by revocations from here on.
    sessions.add(session);
    let release: () => void;
    try {
      await session.revalidation.establish(session.exchange.token());
      release = admit(session, kindOf(request, ports.parseDocument));
    } catch (error) {
      sessions.delete(session);
      session.revalidation.dispose();
      throw error;
    }
    const stream = openStream(session, format, release);
    const why = stopping ? STREAM_END.goingAway : session.due;
    if (why !== undefined) endBecause(session, why);
    if (stream.open) void run(session, stream, request);
    return true;
  }

  /** @throws AppError */
  function refuseEarly({ method, headers }: HttpExchange, kind: OperationTypeNode | undefined): void {
    const phase = lifecycle.phase;
    if (stopping || phase === "draining" || phase === "stopped") {
      throw new AppError("SERVICE_UNAVAILABLE", STREAM_END.goingAway.message);
    }
    if (!ports.originAllowed(headers.origin) || hiddenCrossSite(headers)) {
      throw new AppError("FORBIDDEN", "Pages of this origin may not use this address.");
    }
    if (method === "GET" && kind === OperationTypeNode.MUTATION) {
      throw new AppError("BAD_REQUEST", "Send mutations by POST.", { status: 405 });
    }
  }

  return {
    handle(exchange) {
      const wish = requestedStream(exchange.headers.accept);
      if (wish === undefined) return false;
      return (async () => {
        // What is no GraphQL request at all is refused where plain JSON is read, if the caller reads that.
        if (wish.json && !isSubscription(exchange)) return false;
        const { refused } = exchange.sent;
        if (refused !== undefined) {
          refuseEarly(exchange, undefined);
          throw refused;
        }
        const request = readStreamRequest(exchange);
        refuseEarly(exchange, kindOf(request, ports.parseDocument));
        return answer(createSession(exchange), STREAM_FORMATS[wish.format], request);
      })();
    },
    start() {
      stopping = false;
      endListening ??= authenticator?.onRevoked((who: Revocation) => {
        for (const { revalidation } of [...sessions]) revalidation.revoked(who);
      });
    },
    async stop() {
      stopping = true;
      const open = [...sessions].flatMap((session) =>
        session.stream === undefined ? [] : [{ session, stream: session.stream }],
      );
      const late = setTimeout(() => {
        for (const { stream } of open) stream.destroy();
      }, settings.DRAIN_MS + STOP_GRACE_MS);
      await drainSockets(
        open.map(({ session, stream }) => ({
          // A query or mutation under way is answered first.
          busy: () => stream.open && session.subscription === undefined,
          close: () => endBecause(session, STREAM_END.goingAway),
          closed: stream.closed,
        })),
        settings.DRAIN_MS,
      );
      // Until the last one is gone, lost rights still count.
      endListening?.();
      endListening = undefined;
      clearTimeout(late);
    },
  };

  function isSubscription(exchange: HttpExchange): boolean {
    const { query, operationName } = exchange.sent.parameters ?? {};
    if (query === undefined) return false;
    return kindOf({ query, operationName }, ports.parseDocument) === OperationTypeNode.SUBSCRIPTION;
  }
}

/** A page elsewhere that hides its origin, as browsers let it for GET without CORS. */
function hiddenCrossSite(headers: HttpExchange["headers"]): boolean {
  const site = headers["sec-fetch-site"];
  return headers.origin === undefined && (site === "cross-site" || site === "same-site");
}
