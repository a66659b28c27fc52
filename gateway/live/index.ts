/** The live room's only door: what the rest of the gateway may import. */
import type { CreateLive } from "../ports.ts";
import { createHub } from "./hub.ts";
import { createLiveServer } from "./server.ts";

export const createLive: CreateLive = (ports) => {
  const hub = createHub(ports);
  const server = createLiveServer(hub, ports);
  return {
    async start() {
      await hub.start();
      server.start();
    },
    async stop() {
      await server.stop();
      await hub.stop();
    },
    handleUpgrade: server.handleUpgrade,
  };
};
