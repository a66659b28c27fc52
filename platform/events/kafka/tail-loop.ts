/**
 * A tail over Kafka: one long poll per broker that leads a partition of the topic. It starts at exact offsets and goes
 * on through broker loss and leader changes. Partitions that are added later are followed within seconds, from their
 * first record.
 */
import { setImmediate as turn } from "node:timers/promises";
import type { Logger } from "pino";
import { backoffMs, systemSleep } from "../backoff.ts";
import type { LogReader, TailOptions } from "../event-log.ts";
import { withinDeadline } from "./append-queue.ts";
import { kafkaErrorType } from "./kafka-failure.ts";
import { METADATA_FRESH_MS } from "./kafka-settings.ts";
import type { FetchedPartition, PartitionFetcher } from "./partition-fetcher.ts";

export interface TailLoopOptions extends Omit<TailOptions, "from"> {
  /** For this tail alone. */
  readonly fetcher: PartitionFetcher;
  /** By partition, complete: the next offset to hand on. */
  readonly from: ReadonlyMap<number, bigint>;
  readonly logger: Logger;
}

const POLL_MS = 500;
/** While a callback still runs, polls are short: its partition wants to join the next one soon. */
const BUSY_POLL_MS = 20;
const RETRY = { baseMs: 100, capMs: 500 };
/** While the leaders change, the new one is waited for impatiently. */
const IMPATIENT_MS = 500;

export function startTail(options: TailLoopOptions): LogReader {
  const { fetcher, topic, onRecords, onInterruption, onGap, logger } = options;
  const abort = new AbortController();
  const positions = new Map(options.from);
  const busy = new Map<number, Promise<void>>();
  /** Leaders whose last poll failed. */
  const silent = new Set<string>();
  let interrupted = false;
  let failed = false;
  let watching: Promise<void> = Promise.resolve();

  async function handOn({ partition, records, next }: FetchedPartition): Promise<void> {
    try {
      if (records.length > 0) await onRecords(partition, records);
      positions.set(partition, next);
    } catch (error) {
      failed = true;
      logger.error({ err: error, topic, partition }, "a tail's callback failed, the tail has stopped");
      onInterruption?.(new Error("the tail's callback failed", { cause: error }));
      abort.abort();
    } finally {
      busy.delete(partition);
    }
  }

  async function pollUntilSilent(leader: string, partitions: readonly number[], signal: AbortSignal): Promise<void> {
    try {
      await poll(leader, partitions, signal);
    } catch (error) {
      if (!signal.aborted) silent.add(leader);
      throw error;
    }
  }

  async function poll(leader: string, partitions: readonly number[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const free = partitions.filter((partition) => !busy.has(partition));
      if (free.length === 0) {
        await Promise.race(partitions.map((partition) => busy.get(partition)));
        continue;
      }
      const wanted = new Map(free.map((partition) => [partition, positions.get(partition) ?? 0n]));
      const waitMs = free.length === partitions.length ? POLL_MS : BUSY_POLL_MS;
      const fetched = await fetcher.fetch(leader, topic, wanted, waitMs);
      // Late: another round reads these partitions from here on.
      if (signal.aborted) return;
      silent.delete(leader);
      if (silent.size === 0) interrupted = false;
      for (const found of fetched)
        if (found.next > (wanted.get(found.partition) ?? 0n)) busy.set(found.partition, handOn(found));
      // A callback that finished at once has freed its partition by now.
      await turn();
    }
  }

  /** Records below a position were deleted: says so and goes on at what is retained. */
  async function skipGaps(): Promise<void> {
    for (const { partition, low, high } of await fetcher.ranges(topic)) {
      const position = positions.get(partition) ?? low;
      if (position >= low && position <= high) continue;
      await busy.get(partition);
      positions.set(partition, low);
      onGap?.(partition, low);
      onInterruption?.(new Error(`${topic}/${partition}: offset ${position} is outside ${low}…${high}`));
    }
  }

  /**
   * Ends a round when a partition was added or has moved. Polls go on meanwhile: a pause every few seconds would be
   * felt.
   */
  async function watchLeaders(knownLeaders: ReadonlyMap<number, string>, round: AbortController): Promise<void> {
    for (;;) {
      await systemSleep(silent.size === 0 ? METADATA_FRESH_MS : IMPATIENT_MS, round.signal);
      if (round.signal.aborted || abort.signal.aborted) return;
      try {
        const found = await fetcher.leaders(topic);
        if (
          found.size !== knownLeaders.size ||
          [...found].some(([partition, leader]) => knownLeaders.get(partition) !== leader)
        )
          round.abort();
      } catch {
        // What keeps this from an answer fails the polls too, and they report it.
      }
    }
  }

  async function pollLeaders(): Promise<void> {
    await fetcher.connect();
    const leaders = await fetcher.leaders(topic);
    const byLeader = new Map<string, number[]>();
    for (const [partition, leader] of leaders) {
      if (!positions.has(partition)) positions.set(partition, 0n);
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition]);
    }
    for (const leader of silent) if (!byLeader.has(leader)) silent.delete(leader);
    const round = new AbortController();
    const signal = AbortSignal.any([abort.signal, round.signal]);
    const polls = [...byLeader].map(([leader, partitions]) => pollUntilSilent(leader, partitions, signal));
    watching = watchLeaders(leaders, round);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve(), { once: true });
    try {
      // A poll of a frozen leader is not waited for: what it brings late is dropped.
      await Promise.race([Promise.all(polls), ended]);
    } finally {
      // One broker failed: the others' polls end too, before leaders are asked for again.
      round.abort();
      void Promise.allSettled(polls);
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!abort.signal.aborted) {
      try {
        await pollLeaders();
        failures = 0;
      } catch (error) {
        if (abort.signal.aborted) break;
        failures += 1;
        if (kafkaErrorType(error) === "OFFSET_OUT_OF_RANGE") {
          await skipGaps().catch(() => undefined);
        } else if (!interrupted) {
          interrupted = true;
          logger.warn({ err: error, topic }, "tail interrupted, it goes on trying");
          onInterruption?.(error instanceof Error ? error : new Error(String(error)));
        }
        await systemSleep(backoffMs(RETRY, failures), abort.signal);
      }
    }
    await Promise.all(busy.values());
    await withinDeadline(watching);
    await fetcher.disconnect().catch(() => undefined);
  }

  const done = run();
  return {
    async stop() {
      abort.abort();
      // A callback that failed has ended the tail; its poll still runs out.
      if (failed) await Promise.allSettled([done]);
      else await done;
    },
  };
}
