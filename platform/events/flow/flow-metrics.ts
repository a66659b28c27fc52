/** What is known of the way of events, as metrics. Nothing is said of what could not be measured. */
import { labels, type Metric } from "../../http/metrics-format.ts";
import type { EventFlowReport, PartitionFlow } from "./flow-report.ts";

export function flowMetrics({ consumers, outboxes }: EventFlowReport): readonly Metric[] {
  const perPartition = (name: string, help: string, value: (partition: PartitionFlow) => number): Metric => ({
    type: "gauge",
    name: `tributary_consumer_${name}`,
    help,
    samples: consumers.flatMap(({ consumer, partitions }) =>
      partitions.map((flow) => {
        const place = { consumer, topic: flow.topic, partition: String(flow.partition) };
        return [labels(place), value(flow)] as const;
      }),
    ),
  });
  const perOutbox = (name: string, help: string, key: "unsent" | "oldestSeconds" | "heldKeys"): Metric => ({
    type: "gauge",
    name: `tributary_outbox_${name}`,
    help,
    samples: outboxes.flatMap(({ topic, [key]: value }) => (value === undefined ? [] : [[labels({ topic }), value]])),
  });
  return [
    perPartition("lag_events", "Events of a partition that the consumer has not finished", (flow) => flow.lagEvents),
    perPartition("lag_seconds", "Age of the oldest of them, in seconds", (flow) => flow.lagSeconds),
    perPartition(
      "seconds_since_progress",
      "Since the consumer finished an event of a partition where events wait, in seconds; 0 where none does",
      (flow) => flow.secondsSinceProgress,
    ),
    {
      type: "counter",
      name: "tributary_consumer_rebuilds_total",
      help: "Times that a consumer without progress was rebuilt in place",
      samples: consumers.map(({ consumer, rebuilds }) => [labels({ consumer }), rebuilds]),
    },
    perOutbox("unsent_events", "Committed events that are not in the log yet", "unsent"),
    perOutbox("oldest_unsent_seconds", "Age of the oldest of them, in seconds", "oldestSeconds"),
    perOutbox("held_keys", "Keys whose events wait since the log refuses one of them", "heldKeys"),
  ];
}
