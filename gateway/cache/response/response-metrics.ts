/** The response cache's numbers for `/metrics`. */
import { labels, type Metric } from "../../../platform/http/metrics-format.ts";
import type { ResponseCounters } from "./response-store.ts";

export interface LookupCounters {
  readonly hits: number;
  readonly misses: number;
  /** Questions whose answers were made of cached parts alone. */
  readonly composed: number;
  /** Questions of who is shown nothing cached, or did not want it. */
  readonly bypasses: number;
  /** Questions answered by the answer to an equal one under way. */
  readonly joined: number;
  /**
   * Fetches that the answers to questions are made of: those that nobody had to be asked for, and those of which
   * subgraphs were.
   */
  readonly cachedFetches: number;
  readonly subgraphFetches: number;
}

export function cacheMetrics(counters: ResponseCounters & LookupCounters): readonly Metric[] {
  const {
    hits,
    misses,
    composed,
    bypasses,
    joined,
    cachedFetches,
    subgraphFetches,
    fills,
    overtaken,
    invalidated,
    evicted,
    entries,
    bytes,
  } = counters;
  const metric = (type: Metric["type"], name: string, help: string, samples: Metric["samples"]): Metric => ({
    type,
    name: `tributary_response_cache_${name}`,
    help,
    samples,
  });
  const by = (label: string, values: Readonly<Record<string, number>>): Metric["samples"] =>
    Object.entries(values).map(([value, count]) => [labels({ [label]: value }), count]);
  return [
    metric(
      "counter",
      "lookups_total",
      "Questions whose answers may be kept, by what became of them",
      by("result", { hit: hits, joined, composed, miss: misses, bypass: bypasses }),
    ),
    metric(
      "counter",
      "needed_total",
      "Fetches that the answers to these questions are made of, by whether a subgraph was asked",
      by("from", { kept: cachedFetches, subgraph: subgraphFetches }),
    ),
    metric(
      "counter",
      "fills_total",
      "Answers that were made, by whether they were kept",
      by("result", { kept: fills, overtaken }),
    ),
    metric(
      "counter",
      "drops_total",
      "Answers dropped before their time, by why",
      by("reason", { invalidated, room: evicted }),
    ),
    metric("gauge", "entries", "Answers kept", [["", entries]]),
    metric("gauge", "bytes", "Memory of the answers kept, in bytes, about", [["", bytes]]),
  ];
}
