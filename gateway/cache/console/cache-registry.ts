/** Which caches a gateway has, by the names that operators see. */
import type { Cache } from "../../../platform/cache/cache.ts";
import type { CacheLookup } from "../../../platform/cache/cache-lookup.ts";

export interface InspectableCache extends Pick<Cache, "invalidateTags"> {
  readonly lookup: CacheLookup;
}

export interface CacheRegistry {
  add(name: string, cache: InspectableCache): void;
}
