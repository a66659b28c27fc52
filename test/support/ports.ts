// Free TCP ports on the loopback address. A port is only known to have been free a moment ago: whoever listens on it
// must be ready to try another.
import { createServer } from "node:net";

/** A port that nobody listened on at 127.0.0.1 when asked. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error("no free port on 127.0.0.1");
  return port;
}

/** `count` different free ports: all are held open until the last one is known, so that none is handed out twice. */
export async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, holdPort));
  await Promise.all(held.map(({ release }) => release()));
  return held.map(({ port }) => port);
}

async function holdPort(): Promise<{ port: number; release: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  return { port: address.port, release: () => new Promise((resolve) => server.close(() => resolve())) };
}
