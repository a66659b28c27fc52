/**
 * Sends clients of a stopping gateway elsewhere without breaking a request: every answer says `connection: close`, so that kept-alive
 * connections are not used again, and the door stays open until they are gone. One that a client used at the moment it is closed would
 * be a request without an answer.
 */
import type { FastifyInstance } from "fastify";
import { systemSleep } from "../../platform/events/backoff.ts";
import type { Lifecycle } from "../../platform/lifecycle/lifecycle.ts";

const POLL_MS = 20;

export interface GoingAway {
  /** Resolves when nobody is connected any more, at the latest after `noticeMs`. */
  everybodyLeft(noticeMs: number): Promise<void>;
}

export function sendClientsAway(server: FastifyInstance, lifecycle: Pick<Lifecycle, "phase">): GoingAway {
  server.addHook("onSend", async (_request, reply) => {
    if (lifecycle.phase === "draining") reply.header("connection", "close");
  });
  const connections = () =>
    new Promise<number>((resolve, reject) => {
      server.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  return {
    async everybodyLeft(noticeMs) {
      const deadline = performance.now() + noticeMs;
      while (performance.now() < deadline && (await connections()) > 0) await systemSleep(POLL_MS);
    },
  };
}
