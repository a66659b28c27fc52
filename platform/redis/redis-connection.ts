/**
 * One connection to Redis that nobody waits for. While the server is away, commands fail at once. An answer that does
 * not come fails within two seconds. The connection is opened again for as long as it takes.
 */
import { Redis } from "ioredis";
import { backoffMs } from "../events/backoff.ts";
import type { Logger } from "../logger/logger.ts";

export interface RedisConnection {
  /** Its commands reject while the server is away. */
  readonly client: Redis;
  /** Are commands taken now? */
  readonly ready: boolean;
  /** Called each time the connection is open, the first time included. What the server knew before may be gone. */
  onReady(listener: () => void): void;
  /** Resolves after the first attempt, whatever came of it. */
  start(): Promise<void>;
  /** Idempotent. */
  stop(): Promise<void>;
  /** @throws Error when the server does not answer */
  check(): Promise<void>;
}

export interface RedisConnectionOptions {
  /** redis:// or rediss:// */
  readonly url: string;
  /** Shown by `CLIENT LIST` and in the log. */
  readonly name: string;
  readonly logger: Logger;
  /** For a connection that only listens: asked this often, it notices that its server is gone. In milliseconds. */
  readonly pingMs?: number;
}

const ANSWER_MS = 2_000;
/** The longest pause before a connection is tried again. */
export const RECONNECT_CAP_MS = 2_000;
const RETRY = { baseMs: 100, capMs: RECONNECT_CAP_MS };

export function createRedisConnection({ url, name, logger, pingMs }: RedisConnectionOptions): RedisConnection {
  let away = false;
  let pinging: NodeJS.Timeout | undefined;
  const client = new Redis(url, {
    connectionName: name,
    lazyConnect: true,
    connectTimeout: ANSWER_MS,
    // A server that is reached and silent: the command fails, and so does the connection it was sent over.
    commandTimeout: ANSWER_MS,
    socketTimeout: ANSWER_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    retryStrategy: (times) => backoffMs(RETRY, times),
  });
  client.on("error", (error) => {
    if (!away) logger.warn({ err: error, connection: name }, "Redis is away");
    away = true;
  });
  client.on("ready", () => {
    if (away) logger.info({ connection: name }, "Redis is back");
    away = false;
  });

  return {
    client,
    get ready() {
      return client.status === "ready";
    },
    onReady: (listener) => void client.on("ready", listener),
    async start() {
      if (pingMs !== undefined) pinging = setInterval(() => client.ping().catch(() => undefined), pingMs);
      await client.connect().catch(() => undefined);
    },
    async stop() {
      clearInterval(pinging);
      client.disconnect();
    },
    async check() {
      await client.ping();
    },
  };
}
