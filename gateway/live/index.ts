/** The live room's only public module: what the rest of the gateway may import. */
import type { CreateLive } from "../ports.ts";
import { createQuota } from "./access/quota.ts";
import { createHub } from "./hub.ts";
import { createLiveServer } from "./socket/server.ts";
import { createHttpStreams } from "./transports/http-streams.ts";

export const createLive: CreateLive = (ports) => {
  const hub = createHub(ports);
  // A socket and a stream cost the same: one connection.
  const ofPrincipals = createQuota(ports.settings.WS_SOCKETS_PER_USER);
  const server = createLiveServer(hub, ports, ofPrincipals);
  const streams = createHttpStreams(hub, ports, ofPrincipals);
  return {
    counters: hub.counters,
    serves: hub.serves,
    async start() {
      await hub.start();
      server.start();
      streams.start();
    },
    async stop() {
      await Promise.all([server.stop(), streams.stop()]);
      await hub.stop();
    },
    handleUpgrade: server.handleUpgrade,
    handleHttp: streams.handle,
  };
};
