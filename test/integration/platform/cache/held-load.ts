// A load that has begun and ends when the test says so: what happens meanwhile overtakes it.
import type { Cache, CacheLoadOptions } from "../../../../platform/cache/cache.ts";
import { deferred } from "../../../support/wait.ts";

export interface HeldLoad {
  /** What the caller is given. */
  readonly reading: Promise<string>;
  finish(loaded: string): void;
}

export async function holdLoad(cache: Cache, key: string, options: CacheLoadOptions<string>): Promise<HeldLoad> {
  const gate = deferred<string>();
  const begun = deferred();
  const reading = cache.getOrLoad(key, options, () => {
    begun.resolve();
    return gate.promise;
  });
  await begun.promise;
  return { reading, finish: gate.resolve };
}
