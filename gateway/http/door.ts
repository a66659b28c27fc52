/** The connections of the gateway's server that are no requests: upgrades come in, and at the end nobody does. */
import { STATUS_CODES } from "node:http";
import type { FastifyInstance } from "fastify";
import type { LivePart } from "../ports.ts";

/**
 * Browsers open connections ahead of requests: Node takes such a one for busy and would wait for it. Who connects in the last moment is
 * turned away too.
 */
export async function closeDoor(server: FastifyInstance): Promise<void> {
  server.server.on("connection", (socket) => socket.destroy());
  server.server.closeAllConnections();
  await server.close();
}

export function routeUpgrades(server: FastifyInstance, live: LivePart | undefined): void {
  server.server.on("upgrade", (request, socket, head) => {
    const path = new URL(request.url ?? "/", "http://gateway").pathname;
    if (live !== undefined && path === "/graphql") {
      live.handleUpgrade(request, socket, head);
      return;
    }
    socket.on("error", () => undefined);
    socket.end(`HTTP/1.1 404 ${STATUS_CODES[404]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  });
}
