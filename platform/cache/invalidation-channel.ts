/**
 * Receives what other processes invalidated in a shared cache, and knows how current it is. It sends itself a ping
 * every quarter of a second. It is good while the last ping that came back was sent less than a second ago. Redis
 * delivers in order, so everything that was sent before that ping has arrived. A user of the channel is at most a
 * second behind, or knows that it is not good.
 */
import type { Logger } from "../logger/logger.ts";
import type { RedisConnection } from "../redis/redis-connection.ts";
import { channelOf, decodeNotice, encodeNotice, type Notice } from "./invalidation-notice.ts";

const PING_MS = 250;
const TRUST_MS = 1_000;
/** How long a start waits for the first ping: without it the process starts all the same. */
const FIRST_PING_MS = 1_000;

export interface InvalidationChannel {
  /** One comparison. */
  good(): boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface InvalidationChannelOptions {
  readonly namespace: string;
  /** Tells this process's notices from those of others. */
  readonly origin: string;
  /** For commands. */
  readonly redis: RedisConnection;
  /** Listens and does nothing else. Both are started and stopped by whoever made them. */
  readonly listener: RedisConnection;
  readonly logger: Logger;
  /** Of another process. */
  readonly onNotice: (notice: Exclude<Notice, { ping: number }>) => void;
  /**
   * Something may have been missed, or is being missed. Called at least each quarter of a second until the channel is
   * good, and when it is.
   */
  readonly onGap: () => void;
  /** Each quarter of a second. */
  readonly onTick: () => void;
}

export function createInvalidationChannel(options: InvalidationChannelOptions): InvalidationChannel {
  const { namespace, origin, redis, listener, logger, onNotice, onGap, onTick } = options;
  const channel = channelOf(namespace);
  let heardUntil = Number.NEGATIVE_INFINITY;
  let ticking: NodeJS.Timeout | undefined;
  let first: (() => void) | undefined;
  const good = () => performance.now() - heardUntil < TRUST_MS;

  function lose(): void {
    heardUntil = Number.NEGATIVE_INFINITY;
    onGap();
  }

  function hear(text: string): void {
    const notice = decodeNotice(text);
    // Another release says something that matters to it: it may matter to us.
    if (notice === undefined) onGap();
    else if (!("ping" in notice)) {
      if (notice.from !== origin) onNotice(notice);
    } else if (notice.from === origin) {
      // What began while the channel was not good may hold what was missed.
      if (!good()) onGap();
      heardUntil = Math.max(heardUntil, notice.ping);
      first?.();
    }
  }

  function ping(): void {
    const notice = encodeNotice({ from: origin, ping: performance.now() });
    if (redis.ready) redis.client.publish(channel, notice).catch(() => undefined);
  }

  function tick(): void {
    if (!good()) onGap();
    ping();
    onTick();
  }

  async function listen(): Promise<void> {
    lose();
    try {
      await listener.client.subscribe(channel);
      ping();
    } catch (error) {
      // The connection went again: its return subscribes.
      logger.warn({ err: error, channel }, "invalidations of other processes are not heard");
    }
  }

  listener.onReady(() => void listen());
  listener.client.on("close", lose);
  listener.client.on("message", (_channel: string, text: string) => hear(text));

  return {
    good,
    async start() {
      ticking ??= setInterval(tick, PING_MS);
      if (good() || !listener.ready) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      first = resolve;
      const late = setTimeout(resolve, FIRST_PING_MS);
      ping();
      await promise;
      clearTimeout(late);
    },
    async stop() {
      clearInterval(ticking);
      ticking = undefined;
      heardUntil = Number.NEGATIVE_INFINITY;
    },
  };
}
