/**
 * Watches one consumer from outside. It measures the group's lag, and rebuilds the consumer in place when records wait
 * and nothing happens. A restart is asked for only when rebuilding did not help while log and store both answered.
 */
import type { Logger } from "pino";
import type { Clock } from "../../clock.ts";
import { withDeadline } from "../../deadline.ts";
import type { ConsumerHealth, GroupConsumer } from "../group-consumer.ts";
import type { ConsumerFlow } from "./flow-report.ts";
import { type MeasuredLog, measureLag, type PartitionLag } from "./lag.ts";

export interface WatchedConsumer extends Pick<GroupConsumer, "group" | "topics" | "quietLimitMs" | "held" | "rebuild"> {
  health(): Pick<ConsumerHealth, "running" | "outageSince">;
}

export interface ConsumerWatch {
  /** Measures, and rebuilds when that is due. Never rejects. */
  look(): Promise<void>;
  flow(): ConsumerFlow;
  /** What keeps events waiting; absent while all is well, or while the log itself cannot be asked. */
  problem(): string | undefined;
  /** Did rebuilding not help? */
  needsRestart(): boolean;
}

export interface ConsumerWatchOptions {
  readonly consumer: WatchedConsumer;
  readonly log: MeasuredLog;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Events that wait longer are a problem that operators should see, in seconds. */
export const LATE_SECONDS = 15;
const LOOK_DEADLINE_MS = 5_000;
const FRUITLESS_REBUILDS = 3;
/**
 * A member without partitions cannot know why nothing happens: another one may be busy with a poison event. It joins
 * anew at most this often.
 */
const REJOIN_EVERY_MS = 300_000;

interface Progress {
  readonly next: bigint;
  /** By `performance.now()`. */
  readonly at: number;
}

export function createConsumerWatch({ consumer, log, clock, logger }: ConsumerWatchOptions): ConsumerWatch {
  const { group, topics, quietLimitMs } = consumer;
  const progress = new Map<string, Progress>();
  let lags: readonly PartitionLag[] = [];
  let rebuilds = 0;
  let fruitless = 0;
  let rebuiltAt = Number.NEGATIVE_INFINITY;

  const nameOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }) =>
    `${topic}/${partition}`;
  const waitingSince = (lag: PartitionLag) => progress.get(nameOf(lag))?.at ?? performance.now();

  function note(found: readonly PartitionLag[]): void {
    const now = performance.now();
    lags = found;
    for (const lag of found) {
      const before = progress.get(nameOf(lag));
      if (before === undefined || before.next !== lag.next || lag.events === 0n) {
        progress.set(nameOf(lag), { next: lag.next, at: now });
      }
    }
  }

  /** Where records wait although the log answers, our store does, and every attempt would have ended by now. */
  function stuckPartitions(): readonly PartitionLag[] {
    const { running, outageSince } = consumer.health();
    if (!running || outageSince !== undefined) return [];
    const now = performance.now();
    const held = new Map(consumer.held().map((partition) => [nameOf(partition), partition.quietSince]));
    return lags.filter((lag) => {
      if (lag.events === 0n || now - waitingSince(lag) < quietLimitMs) return false;
      const quietSince = held.get(nameOf(lag));
      if (quietSince !== undefined) return now - quietSince >= quietLimitMs;
      return held.size === 0 && now - rebuiltAt >= REJOIN_EVERY_MS;
    });
  }

  async function rebuildIfStuck(): Promise<void> {
    const stuck = stuckPartitions();
    if (stuck.length === 0) {
      // Progress alone says that the last rebuild helped: until then its reader may still be joining.
      if (lags.every((lag) => lag.events === 0n || waitingSince(lag) > rebuiltAt)) fruitless = 0;
      return;
    }
    if (performance.now() - rebuiltAt < quietLimitMs) return;
    rebuiltAt = performance.now();
    rebuilds += 1;
    fruitless += 1;
    logger.error({ consumer: group, partitions: stuck.map(nameOf), rebuilds }, "consumer makes no progress, rebuilt");
    await consumer.rebuild();
  }

  return {
    async look() {
      try {
        note(
          await withDeadline(measureLag(log, group, topics), LOOK_DEADLINE_MS, "the event log did not tell the lag"),
        );
      } catch (error) {
        // The log's own check reports it. What a consumer does meanwhile says nothing about the consumer.
        logger.debug({ err: error, consumer: group }, "lag unknown");
        lags = [];
        progress.clear();
        return;
      }
      try {
        await rebuildIfStuck();
      } catch (error) {
        logger.warn({ err: error, consumer: group }, "consumer not rebuilt, trying again");
      }
    },
    flow: () => ({
      consumer: group,
      partitions: lags.map((lag) => ({
        topic: lag.topic,
        partition: lag.partition,
        lagEvents: Number(lag.events),
        lagSeconds: secondsSince(lag.oldestAt?.getTime(), clock.now().getTime()),
        secondsSinceProgress: lag.events === 0n ? 0 : secondsSince(waitingSince(lag), performance.now()),
      })),
      rebuilds,
    }),
    problem() {
      const { running, outageSince } = consumer.health();
      if (!running) return "it does not run";
      if (outageSince !== undefined) return `its store is away since ${outageSince.toISOString()}`;
      const now = clock.now().getTime();
      const late = lags.find(({ oldestAt }) => secondsSince(oldestAt?.getTime(), now) >= LATE_SECONDS);
      if (late === undefined) return undefined;
      const quiet = secondsSince(waitingSince(late), performance.now());
      const age = secondsSince(late.oldestAt?.getTime(), now);
      return `${nameOf(late)}: ${late.events} events wait, the first for ${age} s; none was finished for ${quiet} s`;
    },
    needsRestart: () => fruitless >= FRUITLESS_REBUILDS,
  };
}

function secondsSince(then: number | undefined, now: number): number {
  return then === undefined ? 0 : Math.max(0, Math.round((now - then) / 100) / 10);
}
