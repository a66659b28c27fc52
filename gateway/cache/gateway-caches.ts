/**
 * The gateway's caches and what empties them, as one: whatever is evicted by an event or after a command leaves all of
 * them.
 */
import type { Clock } from "../../platform/clock.ts";
import type { MetricsSource } from "../../platform/http/metrics-format.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import { createEntityCache, type EntityCache } from "./entity/entity-cache.ts";
import { entityCacheMetrics } from "./entity/entity-cache-metrics.ts";
import { type CacheEviction, createEventEviction, type Evictable } from "./event-eviction.ts";
import type { EventSources } from "./event-sources.ts";

export interface GatewayCaches {
  /** Absent where nothing of subgraphs' answers is cached. */
  readonly entities: EntityCache | undefined;
  readonly eviction: CacheEviction;
  /** From now on this one is evicted, too. */
  include(cache: Evictable): void;
  readonly metrics: MetricsSource;
}

export interface GatewayCachesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Memory for the entity cache, in MiB; 0: there is none. */
  readonly entityMb: number;
  readonly sources: EventSources;
}

export function createGatewayCaches({ clock, logger, entityMb, sources }: GatewayCachesOptions): GatewayCaches {
  const entities = entityMb === 0 ? undefined : createEntityCache({ clock, maxWeight: entityMb * 2 ** 20, sources });
  const all: Evictable[] = entities === undefined ? [] : [entities];
  return {
    entities,
    eviction: createEventEviction(all, logger, sources),
    include: (cache) => all.push(cache),
    metrics: () => (entities === undefined ? [] : entityCacheMetrics(entities.counters())),
  };
}
