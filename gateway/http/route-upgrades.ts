/** Routes WebSocket upgrades to the live room, and refuses all others. */
import type { FastifyInstance } from "fastify";
import type { LivePart } from "../ports.ts";
import { refuseUpgrade } from "./refused-upgrade.ts";

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
