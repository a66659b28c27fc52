// A TCP proxy that stands between a process and one of its stores and injects the faults of a network (fault-mode.ts).
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { type Link, openLink } from "./fault-link.ts";
import type { FaultMode } from "./fault-mode.ts";

export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections open at this moment, on the client's side. */
  readonly connections: number;
  /** Connections accepted since the start. */
  readonly accepted: number;
  /** Bytes that vanished in `black-hole` or `half-open` since the start. */
  readonly swallowedBytes: number;
  /**
   * Resolves when the mode is in effect, for open connections too. A connection that lost bytes in `black-hole` or
   * `half-open` is reset when it leaves that mode: no network delivers a stream with a hole in it.
   */
  mode(mode: FaultMode): Promise<void>;
  /** Resets what is open and stops listening. Idempotent. */
  stop(): Promise<void>;
}

export interface FaultProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** The port to listen on, for a store whose advertised address must be known first; default: a free one. */
  readonly port?: number;
}

export async function createFaultProxy({ target, port: wanted = 0 }: FaultProxyOptions): Promise<FaultProxy> {
  const links = new Set<Link>();
  let mode: FaultMode = "pass";
  let accepted = 0;
  let swallowedBytes = 0;
  let stopped = false;

  const swallowed = (bytes: number) => {
    swallowedBytes += bytes;
  };
  function accept(client: Socket): void {
    accepted += 1;
    if (mode === "reset") {
      client.on("error", () => {});
      client.resetAndDestroy();
      return;
    }
    const link = openLink({ client, target, mode: () => mode, closed: () => links.delete(link), swallowed });
    links.add(link);
  }

  let server: Server | undefined = await listen(wanted, accept);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  const { port } = address;

  async function refuse(): Promise<void> {
    const closing = server;
    server = undefined;
    resetAll(links);
    if (closing !== undefined) await new Promise<void>((resolve) => closing.close(() => resolve()));
  }

  // One change at a time: two overlapping ones could listen twice.
  let changes: Promise<void> = Promise.resolve();
  async function change(next: FaultMode): Promise<void> {
    if (stopped) throw new Error("the fault proxy is stopped");
    mode = next;
    if (next === "refuse") return refuse();
    if (next === "reset") resetAll(links);
    else for (const link of links) link.leave(next);
    server ??= await listen(port, accept);
  }

  const stop = async () => {
    stopped = true;
    await changes.catch(() => {});
    await refuse();
  };
  return {
    port,
    get connections() {
      return links.size;
    },
    get accepted() {
      return accepted;
    },
    get swallowedBytes() {
      return swallowedBytes;
    },
    mode(next) {
      const done = changes.then(() => change(next));
      changes = done.catch(() => {});
      return done;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function resetAll(links: Set<Link>): void {
  for (const link of links) link.reset();
  links.clear();
}

async function listen(port: number, accept: (client: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}
