/**
 * Which processes of a service can be asked, as they told the registry. Changes are heard at once and looked for now
 * and then, so that an instance that died is gone within its lease. While Redis is away the last known instances stay.
 */
import type { LifecyclePart } from "../lifecycle/lifecycle.ts";
import type { Logger } from "../logger/logger.ts";
import { RECONNECT_CAP_MS, type RedisConnection } from "../redis/redis-connection.ts";
import { instanceSchema, registryKeys, type ServiceInstance } from "./service-instance.ts";

export interface ServiceDirectory {
  /**
   * Called with every change, the instances sorted by id; none: nobody is listed. First during `start`, for services
   * that are listed.
   */
  onChange(listener: (service: string, instances: readonly ServiceInstance[]) => void): void;
  readonly part: LifecyclePart;
}

export interface ServiceDirectoryOptions {
  readonly redis: RedisConnection;
  /** A connection of its own, since it listens. */
  readonly listener: RedisConnection;
  readonly prefix: string;
  readonly services: readonly string[];
  readonly leaseMs: number;
  readonly logger: Logger;
}

/** Looks per lease; a listing ends a fifth of it early. */
const LOOKS = 10;
/**
 * A Redis that comes back may be empty. For this share of a lease the known instances stay, so that they can register
 * anew. They stay at least until the last of them has tried to connect again.
 */
const GRACE = 0.5;
const LEAST_GRACE_MS = 2 * RECONNECT_CAP_MS;

export function createServiceDirectory(options: ServiceDirectoryOptions): ServiceDirectory {
  const { redis, listener, services, leaseMs, logger } = options;
  const keys = registryKeys(options.prefix);
  const listeners: ((service: string, instances: readonly ServiceInstance[]) => void)[] = [];
  const instancesByService = new Map<string, readonly ServiceInstance[]>();
  /** Ids that were known when Redis came back and have not been heard of since. */
  const awaited = new Set<string>();
  let graceUntil = 0;
  let work: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function read(service: string): Promise<readonly ServiceInstance[]> {
    const ids = await redis.client.zrange(keys.ids(service), 0, "-1");
    if (ids.length === 0) return [];
    const texts = await redis.client.mget(ids.map((id) => keys.instance(service, id)));
    return texts.flatMap((text) => {
      const parsed = text === null ? undefined : instanceSchema.safeParse(parseJson(text));
      return parsed?.success === true && parsed.data.service === service ? [parsed.data] : [];
    });
  }

  async function look(): Promise<void> {
    if (!redis.ready) return;
    for (const service of services) {
      const before = instancesByService.get(service) ?? [];
      const listed = await read(service);
      for (const { id } of listed) awaited.delete(id);
      const awaitedInstances = performance.now() < graceUntil ? before.filter(({ id }) => awaited.has(id)) : [];
      const instances = oneEach([...awaitedInstances, ...listed]);
      if (stopped || JSON.stringify(before) === JSON.stringify(instances)) continue;
      instancesByService.set(service, instances);
      logger.info({ service, instances: instances.map(({ id, url }) => ({ id, url })) }, "instances changed");
      for (const tell of listeners) tell(service, instances);
    }
  }

  /** One look at a time, and never more than one waiting: it will see what this one would. */
  let waiting = false;
  function lookSoon(): Promise<void> {
    if (waiting) return work;
    waiting = true;
    work = work
      .then(() => {
        waiting = false;
        return look();
      })
      .catch((error: unknown) => {
        if (redis.ready && !stopped)
          logger.warn({ err: error }, "the registry could not be read: instances stay as known");
      });
    return work;
  }

  redis.onReady(() => {
    graceUntil = performance.now() + Math.max(leaseMs * GRACE, LEAST_GRACE_MS);
    for (const { id } of [...instancesByService.values()].flat()) awaited.add(id);
    void lookSoon();
  });
  listener.onReady(() => {
    listener.client.subscribe(keys.channel).then(
      () => lookSoon(),
      () => undefined,
    );
  });
  listener.client.on("message", (_channel, id) => {
    // It took itself out, or says that it is there: it is not waited for any longer.
    awaited.delete(id);
    void lookSoon();
  });

  return {
    onChange: (tell) => void listeners.push(tell),
    part: {
      name: "service directory",
      async start() {
        await Promise.all([redis.start(), listener.start()]);
        await lookSoon();
        timer = setInterval(() => void lookSoon(), leaseMs / LOOKS);
      },
      async stop() {
        stopped = true;
        clearInterval(timer);
        await work;
        await Promise.all([redis.stop(), listener.stop()]);
      },
    },
  };
}

/**
 * Sorted by id. A process that was started again is listed twice until the lease of its former life ends: the younger
 * one counts.
 */
function oneEach(instances: readonly ServiceInstance[]): readonly ServiceInstance[] {
  const byUrl = new Map<string, ServiceInstance>();
  for (const instance of instances) {
    const other = byUrl.get(instance.url);
    if (other === undefined || other.since <= instance.since) byUrl.set(instance.url, instance);
  }
  return [...byUrl.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
