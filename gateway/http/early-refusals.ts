/**
 * The answer to a call that is refused before its body is read: 503 with `Retry-After`, the bytes of which are made
 * once. Most calls of a flood get it, so it goes straight to the socket: what a refusal costs is taken from those who
 * are served.
 */
import type { FastifyReply } from "fastify";
import { tooBusy } from "../../platform/errors/too-busy.ts";
import { temporaryErrorBody } from "../../platform/http/temporary-error-body.ts";

export interface EarlyRefusals {
  /** Answers the call: nothing else may. @param retryAfterSeconds a whole number, at least 1 */
  send(reply: FastifyReply, retryAfterSeconds: number, traceId: string): void;
}

export function createEarlyRefusals(): EarlyRefusals {
  const bodies = new Map<number, Buffer>();

  function bodyOf(retryAfterSeconds: number): Buffer {
    const made = bodies.get(retryAfterSeconds);
    if (made !== undefined) return made;
    const body = Buffer.from(JSON.stringify(temporaryErrorBody(tooBusy({ retryAfterSeconds }))));
    bodies.set(retryAfterSeconds, body);
    return body;
  }

  return {
    send(reply, retryAfterSeconds, traceId) {
      const body = bodyOf(retryAfterSeconds);
      const { raw } = reply;
      reply.hijack();
      // What the hooks before this one set, of origins and of the connection, holds for this answer, too.
      for (const [name, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) raw.setHeader(name, value);
      raw.setHeader("content-type", "application/json; charset=utf-8");
      raw.setHeader("content-length", body.length);
      raw.setHeader("retry-after", retryAfterSeconds);
      raw.setHeader("x-trace-id", traceId);
      raw.statusCode = 503;
      raw.end(body);
    },
  };
}
