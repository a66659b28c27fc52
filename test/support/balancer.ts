// A TCP balancer as stands before several gateways: new connections go in turn to those whose `/ready` says yes (to
// any, when none does), open ones stay where they are. It knows nothing of HTTP, so whatever a stopping gateway does to
// a connection, its client sees.
import { get } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { waitFor } from "./wait.ts";

export interface Balancer {
  /** e.g. http://127.0.0.1:4000 */
  readonly url: string;
  /** e.g. ws://127.0.0.1:4000/graphql */
  readonly socketUrl: string;
  /** Connections that no backend took: their clients were reset. */
  readonly refused: number;
  /** Backends that get new connections now. */
  ready(): readonly string[];
  waitUntilReady(backends: readonly string[], deadlineMs?: number): Promise<void>;
  /** Cuts what is open and stops listening. */
  stop(): Promise<void>;
}

export interface BalancerOptions {
  /** e.g. http://127.0.0.1:4001 */
  readonly backends: readonly string[];
  /** Between two looks at `/ready`, in milliseconds. */
  readonly probeMs?: number;
}

const PROBE_TIMEOUT_MS = 2_000;
const READY_DEADLINE_MS = 60_000;

/** Resolves when all backends are ready. */
export async function startBalancer({ backends, probeMs = 100 }: BalancerOptions): Promise<Balancer> {
  const ready = new Set<string>();
  const open = new Set<Socket>();
  let refused = 0;
  let turn = 0;
  const probes = backends.map((backend) => {
    let timer: NodeJS.Timeout | undefined;
    let stopped = false;
    const probe = async (): Promise<void> => {
      const is = await saysReady(backend);
      if (is) ready.add(backend);
      else ready.delete(backend);
      if (!stopped) timer = setTimeout(() => void probe(), probeMs);
    };
    void probe();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  });

  /** With nobody ready, anybody: a probe may be late where a connection is not. */
  function candidates(): readonly string[] {
    const chosen = ready.size > 0 ? backends.filter((backend) => ready.has(backend)) : backends;
    turn += 1;
    return chosen.map((_, index) => chosen[(turn + index) % chosen.length] ?? "");
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => {
    open.add(client);
    client.once("close", () => open.delete(client));
    client.on("error", () => undefined);
    void connectFirst(candidates()).then((backend) => {
      if (backend === undefined) {
        refused += 1;
        client.resetAndDestroy();
      } else join(client, backend);
    });
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const waitUntilReady = async (wanted: readonly string[], deadlineMs = READY_DEADLINE_MS) => {
    const all = () => wanted.every((backend) => ready.has(backend));
    await waitFor(all, { what: `the balancer to use ${wanted.join(", ")}`, deadlineMs });
  };
  await waitUntilReady(backends);
  return {
    url: `http://127.0.0.1:${port}`,
    socketUrl: `ws://127.0.0.1:${port}/graphql`,
    get refused() {
      return refused;
    },
    ready: () => [...ready],
    waitUntilReady,
    async stop() {
      for (const stopProbe of probes) stopProbe();
      const closed = new Promise((resolve) => server.close(resolve));
      for (const client of open) client.destroy();
      await closed;
    },
  };
}

function saysReady(backend: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = get(`${backend}/ready`, { agent: false, timeout: PROBE_TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(false));
    asked.on("close", () => resolve(false));
  });
}

/** A connection to the first backend that takes one. */
async function connectFirst(backends: readonly string[]): Promise<Socket | undefined> {
  for (const backend of backends) {
    const { hostname, port } = new URL(backend);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true });
    const connected = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    if (connected) return socket;
  }
  return undefined;
}

/** Passes on bytes, ends and resets, in both directions. */
function join(client: Socket, backend: Socket): void {
  backend.on("error", () => client.resetAndDestroy());
  client.on("error", () => backend.resetAndDestroy());
  backend.once("close", () => client.destroySoon());
  client.once("close", () => backend.destroySoon());
  if (client.destroyed) return void backend.resetAndDestroy();
  client.pipe(backend).pipe(client);
}
