// The floor: what it costs ws to write the same bytes to every socket, as its own documentation broadcasts.
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { MeasuredServer } from "./measured-server.ts";

export async function startBareServer(): Promise<MeasuredServer> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    figures: () => ({ subscribers: server.clients.size, fetches: 0 }),
    perform(task) {
      if (task.ask !== "publish") return;
      const bytes = Buffer.from(task.text);
      for (const socket of server.clients) socket.send(bytes, { binary: false });
    },
    async stop() {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}
