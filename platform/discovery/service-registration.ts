/**
 * Registers this process for gateways, for as long as it can be called. The registration is a lease, renewed four times
 * in its life. It is withdrawn while the process is unready and when it stops. It ends by itself when the process dies.
 * Without Redis the process works on, and it is registered again as soon as Redis is back.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import type { LifecyclePart } from "../lifecycle/lifecycle.ts";
import type { Logger } from "../logger/logger.ts";
import type { RedisConnection } from "../redis/redis-connection.ts";
import { type RegistryKeys, registryKeys, type ServiceInstance } from "./service-instance.ts";

export interface ServiceRegistrationOptions {
  readonly redis: RedisConnection;
  readonly prefix: string;
  /** Asked when the registration starts: a server knows its port by then. */
  readonly instance: () => ServiceInstance;
  /** Can it be sent requests? Asked before each renewal; a rejection is a no. */
  readonly ready: () => Promise<boolean>;
  /** In milliseconds: how long a dead process may stay listed. */
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RENEWALS = 5;
/**
 * Looks in a row that find the process unready before it is taken out: one slow answer of its database is no outage.
 */
const MISSES = 2;
/** The listing ends this share of the lease early, so that watchers, who look now and then, have seen it in time. */
const ENDS_AT = 0.8;
/** Ids that were not heard of for so many leases are forgotten. Clocks differ, so it is generous. */
const FORGOTTEN_LEASES = 100;
/** After it was taken back, so that gateways have heard it before the server closes. */
const NOTICE_MS = 250;

/** Add it behind the server that it tells of: it is then the first to stop, and nobody new comes while requests end. */
export function createServiceRegistration(options: ServiceRegistrationOptions): LifecyclePart {
  const { redis, leaseMs, clock, logger } = options;
  const keys = registryKeys(options.prefix);
  let instance: ServiceInstance | undefined;
  let listed: boolean | undefined;
  let misses = 0;
  let timer: NodeJS.Timeout | undefined;
  let work: Promise<void> = Promise.resolve();
  let stopped = false;

  async function look(): Promise<void> {
    if (instance === undefined || stopped) return;
    const ready = await options.ready().catch(() => false);
    if (stopped || !redis.ready) return;
    misses = ready ? 0 : misses + 1;
    if (misses > 0 && misses < MISSES) return;
    if (ready) await list(instance);
    else if (listed !== false) await withdraw(redis, keys, instance);
    if (listed !== ready) logger.info({ instance: instance.id, url: instance.url, listed: ready }, "registry was told");
    listed = ready;
  }

  async function list(own: ServiceInstance): Promise<void> {
    const now = clock.now().getTime();
    const commands = redis.client
      .multi()
      .set(keys.instance(own.service, own.id), JSON.stringify(own), "PX", Math.floor(leaseMs * ENDS_AT))
      .zadd(keys.ids(own.service), now, own.id)
      .zremrangebyscore(keys.ids(own.service), 0, now - FORGOTTEN_LEASES * leaseMs);
    if (listed !== true) commands.publish(keys.channel, "");
    await commands.exec();
  }

  /** One look at a time. */
  function lookSoon(): Promise<void> {
    work = work.then(look).catch((error: unknown) => {
      if (redis.ready) logger.warn({ err: error }, "the registry could not be told");
    });
    return work;
  }

  redis.onReady(() => {
    // What it knew before may be gone.
    listed = undefined;
    void lookSoon();
  });

  return {
    name: "service registration",
    async start() {
      instance = options.instance();
      await redis.start();
      await lookSoon();
      timer = setInterval(() => void lookSoon(), leaseMs / RENEWALS);
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await work;
      if (instance !== undefined && redis.ready) {
        try {
          await withdraw(redis, keys, instance);
          await delay(NOTICE_MS);
        } catch (error) {
          logger.warn({ err: error }, "the registry could not be told; the listing ends by itself");
        }
      }
      await redis.stop();
    },
  };
}

async function withdraw(redis: RedisConnection, keys: RegistryKeys, { service, id }: ServiceInstance): Promise<void> {
  await redis.client
    .multi()
    .del(keys.instance(service, id))
    .zrem(keys.ids(service), id)
    .publish(keys.channel, id)
    .exec();
}
