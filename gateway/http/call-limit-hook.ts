/**
 * The first thing that happens to a call, before its body is read: those for which there is no room in any case are
 * refused, and too many of one caller.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { traceFromHeaders } from "../../platform/tracing/trace-context.ts";
import type { Admission } from "../limits/admission/admission.ts";
import type { CallLimit, RateLimitState } from "../limits/rate/call-limit.ts";
import { retryAfterSeconds } from "../limits/rate/rate-limited.ts";
import { bearerOf } from "./bearer-token.ts";
import { createEarlyRefusals } from "./early-refusals.ts";

/**
 * For every route of the scope. Answers carry the caller's rate limit state in `RateLimit-*`, refusals also
 * `Retry-After`. A call for which there is no room is not counted: nothing was done for it.
 */
export function limitCalls(scope: FastifyInstance, limit: CallLimit, admission: Admission | undefined): void {
  const refusals = createEarlyRefusals();

  async function count(request: FastifyRequest, reply: FastifyReply, token: string | undefined): Promise<void> {
    try {
      reply.headers(rateLimitHeaders(await limit.countUnverified(token, request.ip)));
    } catch (error) {
      const seconds = retryAfterSeconds(error);
      if (seconds !== undefined) {
        reply.header("retry-after", String(seconds));
        reply.header("x-trace-id", traceFromHeaders(request.headers).traceId);
      }
      throw error;
    }
  }

  scope.addHook("onRequest", (request, reply, done) => {
    const token = bearerOf(request.headers.authorization);
    const seconds = admission?.refusedEarly(() => limit.callerOf(token, request.ip));
    if (seconds !== undefined) {
      refusals.send(reply, seconds, traceFromHeaders(request.headers).traceId);
      return;
    }
    count(request, reply, token).then(() => done(), done);
  });
}

function rateLimitHeaders({ limit, remaining, resetMs }: RateLimitState): Record<string, string> {
  return {
    "ratelimit-limit": String(limit),
    "ratelimit-remaining": String(remaining),
    "ratelimit-reset": String(Math.ceil(resetMs / 1_000)),
  };
}
