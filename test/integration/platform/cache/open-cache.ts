// Layered caches over one real Redis: each is what one process has.
import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import { type CachePart, type CreateCacheOptions, createCache } from "../../../../platform/cache/create-cache.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";
import { createFaultProxy, type FaultProxy } from "../../../support/fault-proxy.ts";
import { waitFor } from "../../../support/wait.ts";

export type CacheSetup = Partial<CreateCacheOptions> & { readonly redisUrl: string };

/** Started; it stops with the test. */
export async function openCache(setup: CacheSetup): Promise<CachePart> {
  const part = createCache({
    namespace: randomUUID(),
    maxEntries: 10_000,
    clock: systemClock,
    logger: createLogger({ name: "cache-test", level: "silent" }),
    // A machine that is busy with other tests is no fault of Redis.
    timeoutMs: 5_000,
    ...setup,
  });
  onTestFinished(() => part.stop());
  await part.start();
  return part;
}

export async function openCaches(setup: CacheSetup): Promise<[CachePart, CachePart]> {
  const namespace = randomUUID();
  return [await openCache({ namespace, ...setup }), await openCache({ namespace, ...setup })];
}

/** What stands between one process and Redis. */
export async function openPath(redis: {
  readonly port: number;
}): Promise<{ readonly url: string; readonly proxy: FaultProxy }> {
  const proxy = await createFaultProxy({ target: { host: "127.0.0.1", port: redis.port } });
  onTestFinished(() => proxy.stop());
  return { url: `redis://127.0.0.1:${proxy.port}`, proxy };
}

export function healthy(part: CachePart): Promise<boolean> {
  return waitFor(
    () =>
      part.check.check().then(
        () => true,
        () => false,
      ),
    { what: "the cache to be healthy" },
  );
}
