/**
 * The first thing that happens to a call, before its body is read: too many of one caller are refused, and those for
 * which there is no room in any case.
 */
import type { FastifyInstance } from "fastify";
import { traceFromHeaders } from "../../platform/tracing/trace-context.ts";
import type { Admission } from "../limits/admission/admission.ts";
import type { CallLimit, RateLimitState } from "../limits/rate/call-limit.ts";
import { retryAfterSeconds } from "../limits/rate/rate-limited.ts";
import { bearerOf } from "./bearer-token.ts";

/**
 * For every route of the scope. Answers carry the caller's rate limit state in `RateLimit-*`, refusals also
 * `Retry-After`.
 */
export function limitCalls(scope: FastifyInstance, limit: CallLimit, admission: Admission | undefined): void {
  scope.addHook("onRequest", async (request, reply) => {
    const token = bearerOf(request.headers.authorization);
    try {
      const state = await limit.countUnverified(token, request.ip);
      reply.headers(rateLimitHeaders(state));
      admission?.refuseEarly(state.caller);
    } catch (error) {
      const seconds = retryAfterSeconds(error);
      if (seconds !== undefined) {
        reply.header("retry-after", String(seconds));
        reply.header("x-trace-id", traceFromHeaders(request.headers).traceId);
      }
      throw error;
    }
  });
}

function rateLimitHeaders({ limit, remaining, resetMs }: RateLimitState): Record<string, string> {
  return {
    "ratelimit-limit": String(limit),
    "ratelimit-remaining": String(remaining),
    "ratelimit-reset": String(Math.ceil(resetMs / 1_000)),
  };
}
