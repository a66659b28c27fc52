/**
 * Drains the connections of a stopping gateway without breaking a request. Every answer says `connection: close`, so
 * that clients do not use kept-alive connections again. The listener stays open until they are gone. A client may use
 * a connection at the moment it is closed; that request would get no answer.
 */
import type { FastifyInstance } from "fastify";
import { systemSleep } from "../../platform/events/backoff.ts";
import type { Lifecycle } from "../../platform/lifecycle/lifecycle.ts";

const POLL_MS = 20;

export interface ConnectionDraining {
  /** Resolves when no connection is left, at the latest after `noticeMs`. */
  allClosed(noticeMs: number): Promise<void>;
}

export function drainConnections(server: FastifyInstance, lifecycle: Pick<Lifecycle, "phase">): ConnectionDraining {
  server.addHook("onSend", async (_request, reply) => {
    if (lifecycle.phase === "draining") reply.header("connection", "close");
  });
  const connections = () =>
    new Promise<number>((resolve, reject) => {
      server.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  return {
    async allClosed(noticeMs) {
      const deadline = performance.now() + noticeMs;
      while (performance.now() < deadline && (await connections()) > 0) await systemSleep(POLL_MS);
    },
  };
}
