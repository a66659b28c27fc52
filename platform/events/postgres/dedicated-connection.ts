/**
 * One Postgres connection kept open for what a pool cannot do: LISTEN and session advisory locks. It is opened again
 * after every loss, with backoff, for ever; whatever the session held (locks, LISTEN) is set up anew by `onUp`.
 */
import type { Client } from "pg";
import { ListenedClient } from "../../../prisma/connection.ts";
import { backoffMs, type Sleep, systemSleep } from "../backoff.ts";

export interface DedicatedConnectionOptions {
  readonly connectionString: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly onUp: (client: Client) => Promise<void>;
  /** The session is gone, and every lock with it. Called once per loss, and once per failed attempt to connect. */
  readonly onDown: (reason: Error) => void;
  readonly onNotification?: (payload: string) => void;
  readonly sleep?: Sleep;
}

export interface DedicatedConnection {
  start(): void;
  stop(): Promise<void>;
  /** The open session, or `undefined` while there is none. */
  client(): Client | undefined;
  /** Gives the session up: it answers wrongly or not at all. */
  drop(reason: Error): void;
}

const RECONNECT = { baseMs: 100, capMs: 2_000 };
const CONNECT_TIMEOUT_MS = 5_000;
/** A half-open connection is noticed by the next statement, after this long. */
const QUERY_TIMEOUT_MS = 10_000;

export function createDedicatedConnection(options: DedicatedConnectionOptions): DedicatedConnection {
  const sleep = options.sleep ?? systemSleep;
  let running: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  let current: Client | undefined;
  let loseCurrent: ((reason: Error) => void) | undefined;

  async function session(signal: AbortSignal, onConnected: () => void): Promise<Error> {
    const client = new ListenedClient({
      connectionString: options.connectionString,
      application_name: options.applicationName,
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
    });
    const lost = new Promise<Error>((resolve) => {
      loseCurrent = resolve;
      client.once("error", resolve);
      client.once("end", () => resolve(new Error("connection closed")));
      signal.addEventListener("abort", () => resolve(new Error("stopped")), { once: true });
    });
    client.on("notification", (message) => options.onNotification?.(message.payload ?? ""));
    try {
      await client.connect();
      if (signal.aborted) return new Error("stopped");
      current = client;
      await options.onUp(client);
      onConnected();
      return await lost;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      current = undefined;
      loseCurrent = undefined;
      client.end().catch(() => undefined);
    }
  }

  async function keepOpen(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const reason = await session(signal, () => {
        failures = 0;
      });
      options.onDown(reason);
      if (signal.aborted) return;
      failures += 1;
      await sleep(backoffMs(RECONNECT, failures), signal);
    }
  }

  return {
    start() {
      if (running !== undefined) return;
      const abort = new AbortController();
      running = { abort, done: keepOpen(abort.signal) };
    },
    async stop() {
      running?.abort.abort();
      await running?.done;
      running = undefined;
    },
    client: () => current,
    drop: (reason) => loseCurrent?.(reason),
  };
}
