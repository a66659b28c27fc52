/** What is counted about completeness: how long it takes until what was published is recorded, and what never was. */
import { PLATFORM } from "../../../platform/auth/principal-ids.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { systemSleep } from "../../../platform/events/backoff.ts";
import { sourceOfTopic } from "../../../platform/graphql/subgraph-definition.ts";
import { labels, type MetricsSource } from "../../../platform/http/metrics-format.ts";
import type { Logger } from "../../../platform/logger/logger.ts";
import type { AuditDatabase } from "../store/database.ts";
import { countMissing, type StreamState } from "../store/recorded-streams.ts";

const COUNT_EVERY_MS = 5_000;

interface Lag {
  /** Since when something is being waited for. */
  waitingSince: Date | undefined;
  /** How long the last wait took. */
  lastMs: number;
  /** Events that were not recorded yet when the producer's word came. */
  events: number;
}

export function createConvergence(database: AuditDatabase, logger: Logger) {
  const lags = new Map<string, Lag>();
  let missing: ReadonlyMap<string, number> = new Map();
  let running: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        missing = await inTenants(database, [PLATFORM], countMissing);
      } catch (error) {
        logger.warn({ err: error }, "missing events not counted, trying again");
      }
      await systemSleep(COUNT_EVERY_MS, signal);
    }
  }

  function lagOf(topic: string): Lag {
    const known = lags.get(topic);
    if (known !== undefined) return known;
    const lag: Lag = { waitingSince: undefined, lastMs: 0, events: 0 };
    lags.set(topic, lag);
    return lag;
  }

  const metrics: MetricsSource = () => {
    const perTopic = (value: (lag: Lag, topic: string) => number) =>
      [...lags].map(([topic, lag]) => [labels({ topic }), value(lag, topic)] as const);
    return [
      {
        type: "gauge",
        name: "tributary_audit_missing_events",
        help: "Events that were published and not recorded, without those that a dead letter explains",
        samples: perTopic((_lag, topic) => missing.get(sourceOfTopic(topic)) ?? 0),
      },
      {
        type: "gauge",
        name: "tributary_audit_convergence_lag_seconds",
        help: "From a producer's word how far its streams have come until all of that was found to be recorded",
        samples: perTopic(({ waitingSince, lastMs }) =>
          waitingSince === undefined ? lastMs / 1_000 : Math.max(0, Date.now() - waitingSince.getTime()) / 1_000,
        ),
      },
      {
        type: "gauge",
        name: "tributary_audit_convergence_lag_events",
        help: "Events that were not recorded yet when a producer last said how far its streams have come",
        samples: perTopic(({ events }) => events),
      },
    ];
  };

  return {
    /** @param at when the producer spoke */
    begin(topic: string, at: Date) {
      const lag = lagOf(topic);
      lag.waitingSince ??= at;
      return {
        /** Everything up to there was looked at. */
        end(): void {
          lag.waitingSince = undefined;
          lag.lastMs = Math.max(0, Date.now() - at.getTime());
        },
        leave: () => void lags.delete(topic),
      };
    },
    behind(topic: string, streams: readonly StreamState[]): void {
      lagOf(topic).events = streams.reduce((sum, { missing: open }) => sum + open, 0);
    },
    metrics,
    start(): void {
      if (running !== undefined) return;
      const abort = new AbortController();
      running = { abort, done: run(abort.signal) };
    },
    async stop(): Promise<void> {
      running?.abort.abort();
      await running?.done;
      running = undefined;
    },
  };
}
