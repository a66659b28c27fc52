/**
 * The way of events through one process, watched from outside: outboxes, groups, and what holds them up. It tells the
 * health page, the metrics, and whether a restart would help.
 */
import type { Logger } from "pino";
import type { Clock } from "../../clock.ts";
import type { HealthCheck } from "../../http/health.ts";
import type { MetricsSource } from "../../http/metrics-format.ts";
import type { LifecyclePart } from "../../lifecycle/lifecycle.ts";
import { systemSleep } from "../backoff.ts";
import type { EventLog } from "../event-log.ts";
import { createConsumerWatch, LATE_SECONDS, type WatchedConsumer } from "./consumer-watch.ts";
import { flowMetrics } from "./flow-metrics.ts";
import type { EventFlowReport } from "./flow-report.ts";
import { createOutboxWatch, type WatchedRelay } from "./outbox-watch.ts";

export interface EventFlowOptions {
  readonly consumers: readonly WatchedConsumer[];
  readonly relays: readonly WatchedRelay[];
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Pause between two looks, in milliseconds. */
  readonly everyMs?: number;
}

export interface EventFlow {
  /** Starts after what it watches, and stops before. */
  readonly part: LifecyclePart;
  /** None is critical: who asks is answered, however late the events are. */
  readonly checks: readonly HealthCheck[];
  readonly metrics: MetricsSource;
  /** As it was at the last look. */
  report(): EventFlowReport;
  /** Why only a restart would help; absent while it would not. */
  restartReason(): string | undefined;
}

const LOOK_EVERY_MS = 3_000;

export function createEventFlow(options: EventFlowOptions): EventFlow {
  const { log, clock, logger, everyMs = LOOK_EVERY_MS } = options;
  const stopping = new AbortController();
  const consumers = options.consumers.map((consumer) => ({
    name: `consumer ${consumer.group}`,
    group: consumer.group,
    ...createConsumerWatch({ consumer, log, clock, logger }),
  }));
  const outboxes = options.relays.map((relay) => ({
    name: `outbox ${relay.topic}`,
    ...createOutboxWatch(relay, LATE_SECONDS),
  }));
  const watches = [...consumers, ...outboxes];
  let loops: Promise<unknown> = Promise.resolve();

  const report = (): EventFlowReport => ({
    consumers: consumers.map((watch) => watch.flow()),
    outboxes: outboxes.map((watch) => watch.flow()),
  });

  /** Each by itself: one that waits for an answer holds up no other. */
  async function keepLooking(watch: { look(): Promise<void> }): Promise<void> {
    while (!stopping.signal.aborted) {
      await watch.look();
      await systemSleep(everyMs, stopping.signal);
    }
  }

  return {
    part: {
      name: "event flow",
      async start() {
        loops = Promise.all(watches.map(keepLooking));
      },
      async stop() {
        stopping.abort();
        await loops;
      },
    },
    checks: [
      { name: "event log", critical: false, check: () => log.check() },
      ...watches.map(({ name, problem }) => ({
        name,
        critical: false,
        async check() {
          const found = problem();
          if (found !== undefined) throw new Error(found);
        },
      })),
    ],
    metrics: () => flowMetrics(report()),
    report,
    restartReason() {
      const stuck = consumers.filter((watch) => watch.needsRestart()).map(({ group }) => group);
      return stuck.length === 0 ? undefined : `rebuilding did not help the consumer ${stuck.join(", ")}`;
    },
  };
}
