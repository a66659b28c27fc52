/** What a gateway's caches offer to an operator. */
import type { Cache } from "../../../platform/cache/cache.ts";
import type { CacheLookup } from "../../../platform/cache/cache-lookup.ts";

export interface InspectableCache extends Pick<Cache, "invalidateTags"> {
  readonly lookup: CacheLookup;
}

export interface CacheRegistry {
  /** @param name that operators see */
  add(name: string, cache: InspectableCache): void;
}
