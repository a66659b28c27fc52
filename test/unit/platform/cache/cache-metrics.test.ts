import { expect, test } from "vitest";
import { cacheMetrics } from "../../../../platform/cache/cache-metrics.ts";
import { createCache } from "../../../../platform/cache/create-cache.ts";
import { systemClock } from "../../../../platform/clock.ts";
import { metricsText } from "../../../../platform/http/metrics-format.ts";
import { createLogger } from "../../../../platform/logger/logger.ts";

test("hits are counted by cache and level, and what was served too long is a metric of its own [S32]", async () => {
  const logger = createLogger({ name: "test", level: "silent" });
  const options = { maxEntries: 10, clock: systemClock, logger };
  const watched = createCache({ ...options, namespace: "watched", source: async () => 1 });
  const plain = createCache({ ...options, namespace: "plain" });
  await watched.cache.getOrLoad("k", { ttlMs: 1_000 }, async () => 1);
  await watched.cache.getOrLoad("k", { ttlMs: 1_000 }, async () => 1);
  const text = metricsText(cacheMetrics([watched, plain]));
  expect(text).toContain('tributary_cache_hits_total{cache="cache watched",level="memory"} 1\n');
  expect(text).toContain('tributary_cache_hits_total{cache="cache plain",level="memory"} 0\n');
  expect(text).toContain('tributary_cache_loads_total{cache="cache watched",level="memory"} 1\n');
  expect(text.match(/^tributary_cache_stale_observed_total.*$/gm)).toEqual([
    'tributary_cache_stale_observed_total{cache="cache watched"} 0',
  ]);
});
