/**
 * Drains the connections of a stopping gateway without breaking a request. A client may use a kept-alive connection at
 * the very moment at which it is closed; that request would get no answer. So every answer says how long its connection
 * may idle before it is used again (`Keep-Alive: timeout`, RFC 2068, 19.7.1.1), and a stop waits for as long. Answers
 * during a stop say `connection: close`.
 */
import type { FastifyInstance, FastifyReply } from "fastify";
import { systemSleep } from "../../platform/events/backoff.ts";
import type { Lifecycle } from "../../platform/lifecycle/lifecycle.ts";

const POLL_MS = 20;
/** Clients leave a second earlier than they are told; less than a second is no time to use a connection again. */
const LEAST_ANNOUNCED_MS = 2_000;

export interface ConnectionDraining {
  /** Resolves when no connection is left, at the latest after `withinMs`. */
  allClosed(withinMs: number): Promise<void>;
}

/** @param noticeMs how long a stop waits for idle connections */
export function drainConnections(
  server: FastifyInstance,
  lifecycle: Pick<Lifecycle, "phase">,
  noticeMs: number,
): ConnectionDraining {
  const announced = noticeMs < LEAST_ANNOUNCED_MS ? undefined : `timeout=${Math.floor(noticeMs / 1_000)}`;
  function announce(reply: FastifyReply): void {
    if (lifecycle.phase === "draining") reply.header("connection", "close");
    else if (announced !== undefined) reply.header("keep-alive", announced);
  }
  // At the start for answers that are written past Fastify, at the end for those that a stop overtook.
  server.addHook("onRequest", (_request, reply, done) => {
    announce(reply);
    done();
  });
  server.addHook("onSend", (_request, reply, payload, done) => {
    announce(reply);
    done(null, payload);
  });
  const connections = () =>
    new Promise<number>((resolve, reject) => {
      server.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  return {
    async allClosed(withinMs) {
      const deadline = performance.now() + withinMs;
      while (performance.now() < deadline && (await connections()) > 0) await systemSleep(POLL_MS);
    },
  };
}
