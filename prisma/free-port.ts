/** Ports of the loopback interface that nobody listens on at the moment of asking. */
import { createServer } from "node:net";

export function freePort(): Promise<number> {
  return listenOnce(0).then((port) => {
    if (port === undefined) throw new Error("no free port on 127.0.0.1");
    return port;
  });
}

export async function isPortFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== undefined;
}

function listenOnce(wanted: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : undefined;
      server.close(() => resolve(port));
    });
  });
}
