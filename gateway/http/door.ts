/** The connections of the gateway's server that are no requests: upgrades come in, and at the end nobody does. */
import type { FastifyInstance } from "fastify";
import type { LivePart } from "../ports.ts";
import { refuseUpgrade } from "./refused-upgrade.ts";

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
    // Anybody can send an address that is none, e.g. `//`; what is thrown here would end the process.
    const path = URL.parse(request.url ?? "/", "http://gateway")?.pathname;
    if (live !== undefined && path === "/graphql") {
      live.handleUpgrade(request, socket, head);
      return;
    }
    socket.on("error", () => socket.destroy());
    refuseUpgrade(socket, 404);
  });
}
