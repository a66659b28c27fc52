/** Counts requests that are being answered, so that a stop can let them finish before the listener closes. */
import type { FastifyInstance } from "fastify";

export interface InFlight {
  /** Resolves when nothing is being answered, at the latest after `graceMs`. */
  settled(graceMs: number): Promise<void>;
}

export function countInFlight(server: FastifyInstance): InFlight {
  let running = 0;
  const waiting = new Set<() => void>();
  server.addHook("onRequest", (request, reply, done) => {
    if (!request.url.startsWith("/graphql")) return done();
    running += 1;
    reply.raw.once("close", () => {
      running -= 1;
      if (running === 0) for (const wake of waiting) wake();
    });
    done();
  });
  return {
    async settled(graceMs) {
      if (running === 0) return;
      await new Promise<void>((resolve) => {
        const finish = (): void => {
          clearTimeout(timer);
          waiting.delete(finish);
          resolve();
        };
        const timer = setTimeout(finish, graceMs);
        waiting.add(finish);
      });
    },
  };
}
