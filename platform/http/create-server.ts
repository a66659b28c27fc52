/** Fastify with the settings every process of ours shares: JSON errors only, trace id on every answer, a body limit. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type FastifyError, type FastifyInstance, fastify } from "fastify";
import { AppError, findAppError } from "../errors/app-error.ts";
import { isTemporary, MASKED_MESSAGE } from "../errors/graphql-errors.ts";
import type { Logger } from "../logger/logger.ts";
import { temporaryErrorBody } from "./temporary-error-body.ts";

export interface ServerOptions {
  readonly logger: Logger;
  readonly maxBodyBytes: number;
  /** Does whoever makes the server answer those who want a socket? */
  readonly sockets?: boolean;
}

export function createServer({ logger, maxBodyBytes, sockets = false }: ServerOptions): FastifyInstance {
  const server = fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    // An open keep-alive connection must not hold up a stop.
    forceCloseConnections: "idle",
    // Nor is a request refused that comes over one meanwhile: it is answered, and told to come over no other.
    return503OnClosing: false,
    requestTimeout: 60_000,
    // Clients may offer another protocol than HTTP/1.1 with any request; one that is not spoken here is passed over.
    // Node below 24.9 ignores this and takes every offer for a socket's.
    ...(sockets ? { http: { shouldUpgradeCallback: wantsSocket } } : {}),
    // Raised before routing (bad URL, bad header): the reply has no route, hence no serializer.
    frameworkErrors: (error, _request, reply) => {
      reply.raw.writeHead(statusOf(error), { "content-type": "application/json; charset=utf-8" });
      reply.raw.end(JSON.stringify(toBody(error, logger)));
    },
  });
  server.setErrorHandler((error: FastifyError, _request, reply) => {
    const body = toBody(error, logger);
    return reply.status(statusOf(error)).type("application/json; charset=utf-8").send(body);
  });
  server.setNotFoundHandler((request, reply) =>
    reply.status(404).send({
      errors: [
        { message: `Nothing is served at ${request.method} here.`, extensions: { code: "NOT_FOUND", status: 404 } },
      ],
    }),
  );
  return server;
}

function wantsSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

/** Listens and turns "port taken" into advice. Resolves to the port in use. */
export async function listen(server: FastifyInstance, host: string, port: number, setting: string): Promise<number> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
      throw new AppError(
        "CONFIG_INVALID",
        `Port ${port} is taken by another program: stop it, or set ${setting} to a free port.`,
        { cause: error },
      );
    }
    throw error;
  }
  const address = server.server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

function statusOf(error: FastifyError): number {
  return (
    findAppError(error)?.status ?? (error.statusCode !== undefined && error.statusCode >= 400 ? error.statusCode : 500)
  );
}

/** The same shape as a GraphQL error answer, so that a client has one way to read failures. */
function toBody(error: FastifyError, logger: Logger) {
  const status = statusOf(error);
  const appError = findAppError(error);
  if (status < 500) {
    const code = appError?.code ?? "BAD_REQUEST";
    return { errors: [{ message: appError?.message ?? publicMessage(error, status), extensions: { code, status } }] };
  }
  if (appError !== undefined && isTemporary(appError) && appError.cause === undefined) {
    return temporaryErrorBody(appError);
  }
  const errorId = randomUUID();
  logger.error({ err: error, errorId }, "request failed");
  const code = appError?.code ?? "INTERNAL_SERVER_ERROR";
  return { errors: [{ message: MASKED_MESSAGE, extensions: { code, status, errorId } }] };
}

function publicMessage(error: FastifyError, status: number): string {
  if (status === 413) return "The request body is too large.";
  if (status === 415) return "Send application/json.";
  if (error.code === "FST_ERR_CTP_INVALID_JSON_BODY" || error instanceof SyntaxError)
    return "The request body is not valid JSON.";
  return "The request is malformed.";
}
