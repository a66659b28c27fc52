/**
 * `POST /ingest/<name>`: what programs deliver by plain HTTP, with an API key. The gateway says who calls; a subgraph
 * takes the bytes of the body, and its answer leaves as it is.
 */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { principalOf } from "../../platform/auth/identity.ts";
import { AppError, findAppError } from "../../platform/errors/app-error.ts";
import { MAX_INGEST_BYTES } from "../../platform/ingest/ingest.ts";
import { traceFromHeaders } from "../../platform/tracing/trace-context.ts";
import type { Authenticator } from "../ports.ts";
import type { SendDelivery } from "../transport/deliveries.ts";
import { bearerToken, clientOf } from "./request-caller.ts";

export interface IngestRouteOptions {
  readonly authenticator: Authenticator;
  readonly send: SendDelivery;
}

const place = z.object({ name: z.string() });
const SERVICE_UNAVAILABLE = 503;

/** @param before adds what happens to a call before its body is read */
export function registerIngest(
  server: FastifyInstance,
  { authenticator, send }: IngestRouteOptions,
  before?: (scope: FastifyInstance) => void,
): void {
  server.register(async (scope) => {
    before?.(scope);
    // Anything else is refused with 415.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    scope.addHook("onError", async (_request, reply, error) => {
      if (findAppError(error)?.status === 401) reply.header("www-authenticate", "Bearer");
    });
    scope.post("/ingest/:name", { bodyLimit: MAX_INGEST_BYTES }, async (request, reply) => {
      const trace = traceFromHeaders(request.headers);
      reply.header("x-trace-id", trace.traceId).header("cache-control", "no-store");
      const client = clientOf(request);
      const { identity } = await authenticator.authenticate(bearerToken(request), client);
      if (principalOf(identity) === undefined) {
        throw new AppError("UNAUTHENTICATED", "Send an API key as `Authorization: Bearer <key>`.");
      }
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const answer = await send(place.parse(request.params).name, { identity, client, trace, body });
      if (answer === undefined) throw new AppError("NOT_FOUND", "Nothing is taken here.");
      if (answer.status === SERVICE_UNAVAILABLE) reply.header("retry-after", "1");
      reply.type("application/json; charset=utf-8");
      return reply.status(answer.status).send(answer.body);
    });
  });
}
