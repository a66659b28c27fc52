/** The gateway's caches and what empties them, as one: whatever is evicted by an event or after a command leaves all of them. */
import type { Clock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import { createEntityCache, type EntityCache } from "./entity/entity-cache.ts";
import { type CacheEviction, createEventEviction, type Evictable } from "./event-eviction.ts";

export interface GatewayCaches {
  readonly entities: EntityCache;
  readonly eviction: CacheEviction;
  /** From now on this one is evicted, too. */
  include(cache: Evictable): void;
}

export function createGatewayCaches({
  clock,
  logger,
}: {
  readonly clock: Clock;
  readonly logger: Logger;
}): GatewayCaches {
  const entities = createEntityCache({ clock });
  const all: Evictable[] = [entities];
  return {
    entities,
    eviction: createEventEviction(all, logger),
    include: (cache) => all.push(cache),
  };
}
