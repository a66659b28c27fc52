/**
 * Tells all gateways what an operator evicts. Each evicts when it hears of it; the one that was asked does so before it
 * answers. Whether the others have heard is not known, only how many listened.
 */
import { z } from "zod";
import type { Logger } from "../../../platform/logger/logger.ts";
import type { RedisConnection } from "../../../platform/redis/redis-connection.ts";

const callSchema = z.object({ tags: z.array(z.string()) });

export interface EvictionCalls {
  /**
   * @returns how many gateways were told, this one included
   * @throws Error when Redis is away: the others know nothing
   */
  tell(tags: readonly string[]): Promise<number>;
}

export interface EvictionCallsOptions {
  /** For commands. */
  readonly redis: RedisConnection;
  /** Listens and does nothing else. */
  readonly listener: RedisConnection;
  /** Of the installation: others that share the Redis hear nothing. */
  readonly prefix: string;
  readonly logger: Logger;
  readonly onCall: (tags: readonly string[]) => Promise<void>;
}

export function createEvictionCalls(options: EvictionCallsOptions): EvictionCalls {
  const { redis, listener, prefix, logger, onCall } = options;
  const channel = `${prefix}:cache:evict`;
  const warn = (error: unknown) => logger.warn({ err: error }, "evictions by hand are not heard");

  async function hear(text: string): Promise<void> {
    await onCall(callSchema.parse(JSON.parse(text)).tags);
  }

  listener.onReady(() => void listener.client.subscribe(channel).catch(warn));
  listener.client.on("message", (_channel: string, text: string) => void hear(text).catch(warn));
  return {
    tell: (tags) => redis.client.publish(channel, JSON.stringify({ tags })),
  };
}
