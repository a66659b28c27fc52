/** The entity cache's numbers for `/metrics`. */
import { labels, type Metric } from "../../../platform/http/metrics-format.ts";
import type { EntityCacheCounters } from "./entity-cache.ts";

export function entityCacheMetrics(counters: EntityCacheCounters): readonly Metric[] {
  const metric = (type: Metric["type"], name: string, help: string, samples: Metric["samples"]): Metric => ({
    type,
    name: `tributary_entity_cache_${name}`,
    help,
    samples,
  });
  const { hits, misses, passed, partialHits, refreshes, evictions, entries } = counters;
  const byResult = Object.entries({ hit: hits, miss: misses, pass: passed });
  return [
    metric(
      "counter",
      "fetches_total",
      "Fetches from subgraphs: answered from memory, asked for, or of something that may not be kept",
      byResult.map(([result, count]) => [labels({ result }), count]),
    ),
    metric("counter", "partial_hits_total", "Entities from memory in fetches that had to be asked for", [
      ["", partialHits],
    ]),
    metric("counter", "refreshes_total", "Entries asked for before their end", [["", refreshes]]),
    metric("counter", "evictions_total", "Entries dropped since something changed", [["", evictions]]),
    metric("gauge", "entries", "Entities and root fields kept", [["", entries]]),
  ];
}
