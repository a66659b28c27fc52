/** The subscriptions of a user on all gateways: this one's own from memory, the others' from what they told Redis. */
import { AppError } from "../../platform/errors/app-error.ts";
import { idPrefix } from "../../platform/ids.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { RedisConnection } from "../../platform/redis/redis-connection.ts";
import type { CloseCalls } from "./close-calls.ts";
import { closeOwn, type Directory } from "./directory.ts";
import { type Entry, entryOf, entrySchema } from "./entry.ts";
import type { SharedKeys } from "./shared-keys.ts";
import { ID_PREFIX, type LocalSubscriptionRegistry } from "./subscription-registry.ts";

export interface SharedDirectoryOptions {
  readonly subscriptionRegistry: LocalSubscriptionRegistry;
  readonly redis: RedisConnection;
  readonly keys: SharedKeys;
  readonly calls: CloseCalls;
  readonly gatewayId: string;
  readonly logger: Logger;
}

export function createSharedDirectory(options: SharedDirectoryOptions): Directory {
  const { subscriptionRegistry, redis, keys, calls, gatewayId, logger } = options;

  /** Keys of what the other gateways hold for the user; most of them do not exist. */
  async function keysElsewhere(userId: string): Promise<string[]> {
    const gateways = await redis.client.zrange(keys.gateways, 0, "-1");
    return gateways.filter((other) => other !== gatewayId).map((other) => keys.subscriptions(userId, other));
  }

  async function entriesElsewhere(userId: string): Promise<Entry[]> {
    const found = await Promise.all((await keysElsewhere(userId)).map((key) => redis.client.hvals(key)));
    return found.flat().flatMap((text) => read(text) ?? []);
  }

  async function isElsewhere(userId: string, id: string): Promise<boolean> {
    const found = await Promise.all((await keysElsewhere(userId)).map((key) => redis.client.hexists(key, id)));
    return found.includes(1);
  }

  /** @returns whether it is closed; `undefined` when nobody can say */
  async function closeElsewhere(userId: string, id: string): Promise<boolean | undefined> {
    try {
      const outcome = await calls.ask(userId, id);
      if (outcome === "CLOSED") return true;
      // Those who listen do not hold it; one that does not listen now may.
      return outcome === "SILENT" || (await isElsewhere(userId, id)) ? undefined : false;
    } catch (error) {
      logger.warn({ err: error }, "other gateways cannot be asked to close a subscription");
      return undefined;
    }
  }

  return {
    async list(userId) {
      const own = subscriptionRegistry.of(userId).map(entryOf);
      try {
        return { entries: [...own, ...(await entriesElsewhere(userId))], complete: true };
      } catch (error) {
        logger.warn({ err: error }, "subscriptions on other gateways cannot be listed");
        return { entries: own, complete: false };
      }
    },
    async close(userId, id) {
      if (closeOwn(subscriptionRegistry, userId, id)) return true;
      if (idPrefix(id) !== ID_PREFIX) return false;
      const closed = await closeElsewhere(userId, id);
      if (closed !== undefined) return closed;
      throw new AppError("SERVICE_UNAVAILABLE", "The gateway of this subscription does not answer: try again shortly.");
    },
  };
}

/** Another release may write what this one does not understand: left out. */
function read(text: string): Entry | undefined {
  try {
    return entrySchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
