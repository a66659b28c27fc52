// A TCP forwarder that can be cut (connections reset, new ones refused) and restored on the same port.
import { connect, createServer, type Server, type Socket } from "node:net";

export interface TcpSwitch {
  readonly port: number;
  cut(): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
}

export async function startSwitch(targetPort: number): Promise<TcpSwitch> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  };
  let server: Server | undefined;
  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      server = createServer((client) => {
        const target = connect(targetPort, "127.0.0.1");
        keep(client);
        keep(target);
        client.pipe(target).pipe(client);
        client.on("close", () => target.destroy());
        target.on("close", () => client.destroy());
      });
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        const address = server?.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  const cut = async () => {
    const closing = server;
    server = undefined;
    const closed = new Promise<void>((resolve) => (closing === undefined ? resolve() : closing.close(() => resolve())));
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };
  const port = await listen(0);
  return {
    port,
    cut,
    async restore() {
      await listen(port);
    },
    close: cut,
  };
}
