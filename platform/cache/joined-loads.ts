/**
 * Loads that requests with different deadlines share: whoever joined one that ended with another's deadline loads
 * again, within its own.
 */
import { findAppError } from "../errors/app-error.ts";
import type { Cache, CacheLoadOptions } from "./cache.ts";

/** As `cache.getOrLoad`. @param load rejects with `DEADLINE_EXCEEDED` once nobody waits for its caller */
export async function loadInTime<T>(
  cache: Pick<Cache, "getOrLoad">,
  key: string,
  options: CacheLoadOptions<T>,
  load: () => Promise<T>,
): Promise<T> {
  let own = false;
  const loadOwn = () => {
    own = true;
    return load();
  };
  for (;;) {
    try {
      return await cache.getOrLoad(key, options, loadOwn);
    } catch (error) {
      if (own || findAppError(error)?.code !== "DEADLINE_EXCEEDED") throw error;
    }
  }
}
