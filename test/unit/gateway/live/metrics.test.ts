import { expect, test } from "vitest";
import { liveMetrics } from "../../../../gateway/http/metrics-page.ts";
import { createLiveMeter } from "../../../../gateway/live/metrics.ts";
import { metricsText } from "../../../../platform/http/metrics-format.ts";

test("buckets count everything at or below their bound, and what is above them all shows in the count", () => {
  const meter = createLiveMeter();
  for (const seconds of [-1, 0.005, 0.006, 3, 60]) meter.observeLatency(seconds);
  const { buckets, count, sum } = meter.latency();
  const at = (bound: number) => buckets.find(({ le }) => le === bound)?.count;
  expect([at(0.005), at(0.01), at(2.5), at(5), at(10), count]).toEqual([2, 3, 3, 4, 4, 5]);
  expect(sum).toBeCloseTo(63.011);
});

test("the text names every metric once, with its type before its samples", () => {
  const meter = createLiveMeter();
  meter.resyncs.GAP += 2;
  meter.observeLatency(0.2);
  const text = metricsText(
    liveMetrics({
      ...meter,
      latency: meter.latency(),
      catchUps: { running: 1, waiting: 2 },
      subscriptions: 3,
      distinctOperations: 2,
      ringEvents: 1,
      ringBytes: 700,
      replayReads: 4,
      tails: [{ topic: "user.events", partition: 3, events: 7, seconds: 1.5 }],
    }),
  );
  const names = text.match(/^# TYPE (\S+)/gm) ?? [];
  expect(new Set(names).size).toBe(names.length);
  expect(text).toContain('tributary_live_resyncs_total{reason="GAP"} 2\n');
  expect(text).toContain('tributary_live_latency_seconds_bucket{le="+Inf"} 1\n');
  expect(text).toContain("# TYPE tributary_live_subscriptions gauge\ntributary_live_subscriptions 3\n");
  expect(text).toContain('tributary_live_tail_lag_seconds{topic="user.events",partition="3"} 1.5\n');
  expect(text).toMatch(/^(#.*\n|[a-z_]+(\{[a-z]+="[^"]+"(,[a-z]+="[^"]+")*\})? [0-9.]+\n)+$/);
});
