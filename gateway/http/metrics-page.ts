/** `/metrics`: what the rooms count about themselves, and the live room's counters by their names there. */
import type { FastifyInstance } from "fastify";
import {
  type AskedMetricsSource,
  labels,
  METRICS_TYPE,
  type Metric,
  type MetricsSource,
  metricsText,
} from "../../platform/http/metrics-format.ts";
import type { TailLag } from "../live/log/arrears.ts";
import type { LiveCounters } from "../live/metrics.ts";

export function liveMetrics(counters: LiveCounters): readonly Metric[] {
  const metrics: Metric[] = [];
  const metric = (type: Metric["type"], name: string, help: string, samples: Metric["samples"]) => {
    metrics.push({ type, name: `tributary_live_${name}`, help, samples });
  };
  const gauge = (name: string, help: string, value: number) => metric("gauge", name, help, [["", value]]);
  const counter = (name: string, help: string, value: number) => metric("counter", name, help, [["", value]]);
  gauge("connections", "Open sockets", counters.connectionsOpen);
  counter("connections_total", "Sockets opened", counters.connectionsTotal);
  gauge("subscriptions", "Live subscriptions", counters.subscriptions);
  gauge("distinct_operations", "Streams that subscriptions share", counters.distinctOperations);
  counter("events_in_total", "Events taken from the log", counters.eventsIn);
  counter("frames_out_total", "Events sent to subscribers", counters.framesOut);
  counter("enrichments_total", "Events enriched for an operation", counters.enrichments);
  counter("enrichment_fetches_total", "Requests to subgraphs for enrichments", counters.enrichmentFetches);
  counter(
    "stale_refetches_total",
    "Requests repeated because an entity was older than its event",
    counters.staleRefetches,
  );
  counter("snapshots_total", "Queries for the state that subscriptions begin with", counters.snapshots);
  gauge("catch_ups_running", "Parts of catch-ups that are read and enriched", counters.catchUps.running);
  gauge("catch_ups_waiting", "Parts of catch-ups that wait for their turn", counters.catchUps.waiting);
  counter("replays_total", "Subscriptions that began behind the newest event", counters.replays);
  counter(
    "replay_reads_total",
    "Reads of the log for subscriptions behind what is held in memory",
    counters.replayReads,
  );
  const resyncs = Object.entries(counters.resyncs).map(([reason, count]) => [`{reason="${reason}"}`, count] as const);
  metric("counter", "resyncs_total", "Subscriptions that could not go on without a hole", resyncs);
  counter("slow_closes_total", "Sockets and streams closed because their reader did not keep up", counters.slowCloses);
  const perPartition = (value: (lag: TailLag) => number) =>
    counters.tails.map((lag) => {
      const { topic, partition } = lag;
      return [labels({ topic, partition: String(partition) }), value(lag)] as const;
    });
  metric(
    "gauge",
    "tail_lag_events",
    "Events in the log that this gateway has not taken in",
    perPartition(({ events }) => events),
  );
  metric(
    "gauge",
    "tail_lag_seconds",
    "Since the oldest of them was seen in the log, in seconds",
    perPartition(({ seconds }) => seconds),
  );
  gauge("ring_events", "Events held in memory", counters.ringEvents);
  gauge("ring_bytes", "Text of the events held in memory, in bytes", counters.ringBytes);
  const { buckets, sum, count } = counters.latency;
  metric("histogram", "latency_seconds", "From the log to the sockets of an operation", [
    ...buckets.map(({ le, count: below }) => [`_bucket{le="${le}"}`, below] as const),
    ['_bucket{le="+Inf"}', count],
    ["_sum", sum],
    ["_count", count],
  ]);
  return metrics;
}

/** `GET /metrics`: numbers only, none of them anybody's; a proxy need not pass it on. */
export function registerMetrics(
  server: FastifyInstance,
  sources: readonly MetricsSource[],
  asked: readonly AskedMetricsSource[] = [],
): void {
  server.get("/metrics", async (_request, reply) => {
    const answers = await Promise.all(asked.map((source) => source()));
    return reply.type(METRICS_TYPE).send(metricsText([...sources.flatMap((source) => source()), ...answers.flat()]));
  });
}
