/**
 * What is counted about dead letters: how many came, in this process, and how many wait, looked up now and then. Where
 * several processes serve the subgraph each shows the same that wait.
 */
import { PLATFORM } from "../../../platform/auth/principal-ids.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { systemSleep } from "../../../platform/events/backoff.ts";
import { labels, type MetricsSource } from "../../../platform/http/metrics-format.ts";
import type { LifecyclePart } from "../../../platform/lifecycle/lifecycle.ts";
import type { Logger } from "../../../platform/logger/logger.ts";
import type { AuditDatabase } from "../store/database.ts";
import { countUnresolved, type UnresolvedLetters } from "../store/dead-letters.ts";

const LOOK_EVERY_MS = 5_000;

export interface LetterCounts {
  readonly part: LifecyclePart;
  readonly metrics: MetricsSource;
  stored(letter: { readonly topic: string; readonly consumer: string }): void;
}

export function createLetterCounts(database: AuditDatabase, logger: Logger): LetterCounts {
  const stored = new Map<string, number>();
  let waiting: readonly UnresolvedLetters[] = [];
  let running: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;

  async function look(): Promise<void> {
    try {
      waiting = await inTenants(database, [PLATFORM], countUnresolved);
    } catch (error) {
      logger.warn({ err: error }, "dead letters not counted, trying again");
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await look();
      await systemSleep(LOOK_EVERY_MS, signal);
    }
  }

  return {
    part: {
      name: "dead letter counts",
      async start() {
        const abort = new AbortController();
        running ??= { abort, done: run(abort.signal) };
      },
      async stop() {
        running?.abort.abort();
        await running?.done;
        running = undefined;
      },
    },
    metrics: () => [
      {
        type: "gauge",
        name: "tributary_dead_letters",
        help: "Dead letters that nobody has dealt with",
        samples: waiting.map(({ topic, consumer, status, amount }) => [labels({ topic, consumer, status }), amount]),
      },
      {
        type: "counter",
        name: "tributary_dead_letters_total",
        help: "Dead letters that came",
        samples: [...stored],
      },
    ],
    stored({ topic, consumer }) {
      const name = labels({ topic, consumer });
      stored.set(name, (stored.get(name) ?? 0) + 1);
    },
  };
}
