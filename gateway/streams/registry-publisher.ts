/**
 * Publishes this gateway's open subscriptions to the other gateways. Changes are gathered and written in batches, off
 * the path of subscribers. Entries are leased: they vanish unless this gateway renews them. After a failure everything
 * is written anew.
 */
import type { ChainableCommander } from "ioredis";
import type { Clock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { RedisConnection } from "../../platform/redis/redis-connection.ts";
import { entryOf } from "./entry.ts";
import type { SharedKeys } from "./shared-keys.ts";
import type { LocalSubscriptionRegistry, RegisteredSubscription } from "./subscription-registry.ts";

export interface RegistryPublisher {
  start(): void;
  /** Takes this gateway's entries out, if the server can be reached. */
  stop(): Promise<void>;
}

export interface RegistryPublisherOptions {
  readonly subscriptionRegistry: LocalSubscriptionRegistry;
  readonly redis: RedisConnection;
  readonly keys: SharedKeys;
  readonly gatewayId: string;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Changes wait this long for company. */
const BATCH_DELAY_MS = 200;
/** Users per transaction: a batch must not hold up the server's other clients. */
const USERS_PER_BATCH = 200;
const RETRY_MS = 1_000;
/** Renewals per lease: two may fail. */
const RENEWALS = 3;
/** Gateways that were not heard of for so many leases are forgotten. Clocks differ, so it is generous. */
const FORGOTTEN_LEASES = 10;

export function createRegistryPublisher(options: RegistryPublisherOptions): RegistryPublisher {
  const { subscriptionRegistry, redis, keys, gatewayId, leaseMs, clock, logger } = options;
  /** User → ids that came or went since they were written; `null`: everything of the user. */
  const changed = new Map<string, Set<string> | null>();
  const publishedCounts = new WeakMap<RegisteredSubscription, number>();
  /** Users of whom the server holds something. */
  const publishedUsers = new Set<string>();
  const keyOf = (userId: string) => keys.subscriptions(userId, gatewayId);
  let work: Promise<void> = Promise.resolve();
  let gathering: NodeJS.Timeout | undefined;
  let renewing: NodeJS.Timeout | undefined;
  let stopped = false;

  function putRow(commands: ChainableCommander, userId: string, row: RegisteredSubscription): void {
    const entry = entryOf(row);
    publishedCounts.set(row, entry.delivered);
    commands.hset(keyOf(userId), row.id, JSON.stringify(entry));
  }

  function writeUser(commands: ChainableCommander, userId: string, ids: ReadonlySet<string> | null): void {
    if (ids === null) {
      commands.del(keyOf(userId));
      for (const row of subscriptionRegistry.of(userId)) putRow(commands, userId, row);
    } else {
      for (const id of ids) {
        const row = subscriptionRegistry.find(userId, id);
        if (row === undefined) commands.hdel(keyOf(userId), id);
        else putRow(commands, userId, row);
      }
    }
    commands.pexpire(keyOf(userId), leaseMs);
  }

  async function writeChanges(): Promise<void> {
    while (changed.size > 0) {
      const commands = redis.client.multi();
      const batch = [...changed].slice(0, USERS_PER_BATCH);
      for (const [userId, ids] of batch) {
        changed.delete(userId);
        writeUser(commands, userId, ids);
      }
      await run(commands);
      for (const [userId] of batch) {
        if (subscriptionRegistry.of(userId).length > 0) publishedUsers.add(userId);
        else publishedUsers.delete(userId);
      }
    }
  }

  async function renew(): Promise<void> {
    const now = clock.now().getTime();
    const announcement = redis.client.multi();
    announcement.zadd(keys.gateways, now, gatewayId);
    announcement.zremrangebyscore(keys.gateways, 0, now - FORGOTTEN_LEASES * leaseMs);
    await run(announcement);
    const users = subscriptionRegistry.users();
    for (let from = 0; from < users.length; from += USERS_PER_BATCH) {
      const batch = users.slice(from, from + USERS_PER_BATCH);
      const commands = redis.client.multi();
      for (const userId of batch) commands.pexpire(keyOf(userId), leaseMs);
      const renewed = await run(commands);
      // The server lost it: it was emptied, or this gateway was too late.
      for (const [index, userId] of batch.entries()) if (renewed[index] !== 1) changed.set(userId, null);
      for (const userId of batch) noteCounts(userId);
    }
    await writeChanges();
  }

  /** Counts that moved since they were told travel with the next write. */
  function noteCounts(userId: string): void {
    for (const row of subscriptionRegistry.of(userId)) {
      const publishedCount = publishedCounts.get(row);
      if (publishedCount !== undefined && publishedCount !== row.subscription.delivered()) note(userId, row.id);
    }
  }

  function note(userId: string, id: string): void {
    const ids = changed.get(userId);
    if (ids === undefined) changed.set(userId, new Set([id]));
    else ids?.add(id);
  }

  async function writeEverything(): Promise<void> {
    for (const userId of [...publishedUsers, ...subscriptionRegistry.users()]) changed.set(userId, null);
    await renew();
  }

  /**
   * One job at a time. A failed one leaves nothing half told: everything is written again, now or when the server is
   * back.
   */
  function enqueue(job: () => Promise<void>): void {
    work = work.then(async () => {
      if (!redis.ready) return;
      try {
        await job();
      } catch (error) {
        changed.clear();
        if (!redis.ready || stopped) return;
        logger.warn({ err: error }, "open subscriptions could not be told to other gateways");
        setTimeout(() => enqueue(writeEverything), RETRY_MS).unref();
      }
    });
  }

  function gather(): void {
    gathering ??= setTimeout(() => {
      gathering = undefined;
      enqueue(writeChanges);
    }, BATCH_DELAY_MS);
  }

  subscriptionRegistry.onChange((userId, id) => {
    // Without the server there is nothing to gather for: its return writes everything.
    if (!redis.ready || stopped) return;
    note(userId, id);
    gather();
  });
  redis.onReady(() => enqueue(writeEverything));

  return {
    start() {
      renewing = setInterval(() => enqueue(renew), leaseMs / RENEWALS);
    },
    async stop() {
      stopped = true;
      clearTimeout(gathering);
      clearInterval(renewing);
      enqueue(async () => {
        await writeChanges();
        await redis.client.zrem(keys.gateways, gatewayId);
      });
      await work;
    },
  };
}

/** @throws Error when any of them failed */
async function run(commands: ChainableCommander): Promise<unknown[]> {
  const results = (await commands.exec()) ?? [];
  return results.map(([error, result]) => {
    if (error !== null) throw error;
    return result;
  });
}
