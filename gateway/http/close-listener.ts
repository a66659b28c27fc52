/** Ends the gateway's listener without waiting for connections that carry no request. */
import type { FastifyInstance } from "fastify";

/**
 * Closes the listener and every connection. Browsers open connections ahead of requests. Node counts such a connection
 * as busy and would wait for it. A connection that comes in the last moment is destroyed, too.
 */
export async function closeListener(server: FastifyInstance): Promise<void> {
  server.server.on("connection", (socket) => socket.destroy());
  server.server.closeAllConnections();
  await server.close();
}
