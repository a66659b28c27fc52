/**
 * One WebSocket to the gateway that is there again after every failure: it retries forever with jitter, notices a dead
 * connection by missing pongs, and asks for a fresh token when the server refused the old one.
 */
import { type Client, CloseCode, createClient } from "graphql-ws";
import { backoffMs } from "./backoff.ts";

export type SocketState = "idle" | "connecting" | "connected" | "disconnected";

export interface LiveSocketOptions {
  readonly url: string;
  /** `refused`: the server did not accept the last one. Rejects when there is none: the socket tries again later. */
  token(options: { readonly refused: boolean }): Promise<string>;
  onState(state: SocketState): void;
  onPing(payload: unknown): void;
  readonly generateId: (payload: object) => string;
  /** What `connection_init` carries beside the token, e.g. the client's name. */
  readonly params?: Readonly<Record<string, string>>;
  /** For programs outside a browser. */
  readonly webSocketImpl?: unknown;
  /** Milliseconds between our pings. */
  readonly keepAliveMs?: number;
  /** A pong that is not there within this time declares the connection dead, in milliseconds. */
  readonly pongTimeoutMs?: number;
  /** A connection that is not acknowledged within this time is given up, in milliseconds. */
  readonly connectTimeoutMs?: number;
}

export interface LiveSocket {
  readonly client: Client;
  /** Drops the connection; the streams go on over the next one. */
  cut(): void;
  /** Ends a pause between two attempts: the network is back. */
  wake(): void;
  dispose(): void;
}

export function createLiveSocket(options: LiveSocketOptions): LiveSocket {
  const { keepAliveMs = 4_000, pongTimeoutMs = 4_000, connectTimeoutMs = 8_000 } = options;
  let refused = false;
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  let wake = (): void => {};

  const watch = (milliseconds: number): void => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => client.terminate(), milliseconds);
  };

  const client = createClient({
    url: options.url,
    ...(options.webSocketImpl === undefined ? {} : { webSocketImpl: options.webSocketImpl }),
    connectionParams: async () => {
      const token = await options.token({ refused });
      refused = false;
      return { ...options.params, Authorization: `Bearer ${token}` };
    },
    generateID: options.generateId,
    keepAlive: keepAliveMs,
    // Two streams that swap, as between two pages, keep the socket.
    lazyCloseTimeout: 1_000,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: (attempt) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, backoffMs(attempt));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    on: {
      connecting: () => {
        watch(connectTimeoutMs);
        options.onState("connecting");
      },
      connected: () => {
        clearTimeout(watchdog);
        options.onState("connected");
      },
      ping: (received, payload) => {
        if (received) options.onPing(payload);
        else watch(pongTimeoutMs);
      },
      pong: (received) => {
        if (received) clearTimeout(watchdog);
      },
      closed: (event) => {
        clearTimeout(watchdog);
        const code = closeCodeOf(event);
        if (code === CloseCode.Forbidden || code === CloseCode.Unauthorized) refused = true;
        options.onState(code === NORMAL_CLOSURE ? "idle" : "disconnected");
      },
      error: () => options.onState("disconnected"),
    },
  });

  return {
    client,
    cut: () => client.terminate(),
    wake: () => wake(),
    dispose() {
      clearTimeout(watchdog);
      wake();
      client.terminate();
      void client.dispose();
    },
  };
}

const NORMAL_CLOSURE = 1000;

function closeCodeOf(event: unknown): number | undefined {
  const code = typeof event === "object" && event !== null ? Reflect.get(event, "code") : undefined;
  return typeof code === "number" ? code : undefined;
}
