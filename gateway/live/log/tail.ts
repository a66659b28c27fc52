/**
 * One tail per topic and gateway: every record goes into the ring of its partition and is announced, once and in offset
 * order. Also the gateway's view of the topic: its epoch, partitions and retained ranges, asked for once however many
 * want to know. Says so when it cannot go on without a hole; never skips in silence.
 */
import { AppError } from "../../../platform/errors/app-error.ts";
import { backoffMs, systemSleep } from "../../../platform/events/backoff.ts";
import type { EventLog, LogReader, LogRecord, PartitionRange } from "../../../platform/events/event-log.ts";
import { partitionForKey } from "../../../platform/events/partitioner.ts";
import type { Logger } from "../../../platform/logger/logger.ts";
import { createArrears, type TailLag } from "./arrears.ts";
import { createCoalescedWork } from "./coalesced-work.ts";
import { inTime } from "./deadline.ts";
import { decodeRecord, type LiveEvent } from "./event.ts";
import { createLogPages, type LogPage, type LogPages } from "./log-pages.ts";
import { type ResyncReason, resyncRequired } from "./resync.ts";
import { createEventRing, type EventRing, type RingLimits } from "./ring.ts";

/** A topic at one instant. */
export interface TopicState {
  readonly epoch: string;
  readonly ranges: ReadonlyMap<number, PartitionRange>;
}

export interface TopicTail {
  readonly topic: string;
  /** Of the records in the rings. */
  readonly epoch: string;
  ring(partition: number): EventRing | undefined;
  /** What the rings hold together. */
  ringSize(): RingLimits;
  /** Reads of the log for those behind the rings, since the start. */
  readonly replayReads: number;
  /** How far the tail is behind, as looks every few seconds tell. */
  lags(): readonly TailLag[];
  /**
   * The topic's state at some instant after the call. Reopens the tail when the topic was created anew.
   * @throws AppError `EVENT_LOG_UNAVAILABLE`, after five seconds at the latest
   */
  state(): Promise<TopicState>;
  /** Where the key is stored, by the partitions that are known now. */
  partitionOf(key: string): number;
  /** A part of a partition behind its ring, as `LogPages.at`. */
  page(partition: number, position: bigint): LogPage | Promise<LogPage>;
  stop(): Promise<void>;
}

export interface TopicTailOptions {
  readonly log: EventLog;
  readonly topic: string;
  /** Of each partition's ring; as many bytes again for what lagging readers share. */
  readonly ring: RingLimits;
  readonly logger: Logger;
  /** Before these events enter their ring: nobody has seen them yet. Events wait for it. Must not reject. */
  readonly beforeEvents?: (events: readonly LiveEvent[]) => Promise<void>;
  /**
   * Events before this moment may never have come to `beforeEvents`: at every opening, after an interruption, at a gap.
   * Called again and again while the log does not answer or the tail is behind it.
   */
  readonly onMissed?: () => void;
  /** After the event is in its ring. */
  readonly onEvent: (event: LiveEvent) => void;
  /** Streams of these keys cannot go on without a hole. Called before any later event of theirs. */
  readonly onLost: (reason: ResyncReason, concerns: (key: string) => boolean) => void;
}

interface PartitionBuffer {
  readonly ring: EventRing;
  readonly pages: LogPages;
}

/**
 * New partitions, a topic created anew and a tail that is cut off are noticed within this time or two, also when nobody
 * asks.
 */
const LOOK_EVERY_MS = 2_500;
const RETRY = { baseMs: 100, capMs: 2_000 };

/** @throws AppError `EVENT_LOG_UNAVAILABLE` */
export async function openTopicTail(options: TopicTailOptions): Promise<TopicTail> {
  const { log, topic, logger, onLost } = options;
  /** Of one epoch: another one has another map. */
  let buffers = new Map<number, PartitionBuffer>();
  let ranges: TopicState["ranges"] = new Map();
  let epoch = "";
  let reader: LogReader | undefined;
  let replayReads = 0;
  let stopped = false;
  let reopening: Promise<TopicState> | undefined;
  const coalescedLooks = createCoalescedWork(fresh);

  async function look(): Promise<TopicState> {
    // Ranges between two looks at one epoch are of this epoch.
    for (let before = epoch === "" ? await log.epoch(topic) : epoch; ; ) {
      const found = await log.ranges(topic);
      const after = await log.epoch(topic);
      if (after === before) return { epoch: after, ranges: byPartition(found) };
      before = after;
    }
  }

  /** @param start the next offset that the tail will bring */
  function createBuffer(partition: number, start: bigint): PartitionBuffer {
    const ring = createEventRing(options.ring, start);
    const pages = createLogPages({
      maxBytes: options.ring.bytes,
      read: (from, limit) => readPage(partition, from, limit),
      ringFirst: () => ring.first,
      low: () => ranges.get(partition)?.low ?? 0n,
      refreshLow: () => inTime(coalescedLooks.next()),
    });
    return { ring, pages };
  }

  async function readPage(partition: number, from: bigint, limit: number): Promise<readonly LogRecord[]> {
    const epochBefore = epoch;
    replayReads += 1;
    const records = await log.read({ topic, partition, from, limit });
    if ((await log.epoch(topic)) === epochBefore) return records;
    void coalescedLooks.next().catch(() => undefined);
    throw resyncRequired("TOPIC_RECREATED");
  }

  function clearPages(): void {
    for (const { pages } of buffers.values()) pages.clear();
  }

  async function open(): Promise<TopicState> {
    const found = await look();
    const own = new Map<number, PartitionBuffer>();
    const isCurrent = () => buffers === own;
    ranges = found.ranges;
    for (const [partition, { high }] of ranges) own.set(partition, createBuffer(partition, high));
    buffers = own;
    epoch = found.epoch;
    try {
      reader = await log.tail({
        topic,
        from: new Map([...ranges].map(([partition, { high }]) => [partition, high])),
        onRecords: (partition, records) => accept(partition, records, isCurrent),
        onInterruption(problem) {
          logger.warn({ err: problem, topic }, "the live tail was interrupted");
          options.onMissed?.();
          void coalescedLooks.next().catch(() => undefined);
        },
        onGap(partition, low) {
          options.onMissed?.();
          if (isCurrent()) skip(partition, low);
        },
      });
    } catch (error) {
      // No epoch is ever equal to this one: whoever asks next opens the tail again.
      epoch = "";
      throw error;
    }
    options.onMissed?.();
    return found;
  }

  /** The tail goes on behind a hole: nobody may pass it unawares. */
  function skip(partition: number, low: bigint): void {
    const former = buffers.get(partition);
    if (former === undefined) return;
    former.pages.clear();
    buffers.set(partition, createBuffer(partition, low));
    const reason = low < former.ring.next ? "TOPIC_RECREATED" : "RETENTION";
    onLost(reason, (key) => partitionOf(key) === partition);
  }

  /** Keys that are stored elsewhere from now on are told so before anything of the new partitions is shown. */
  function grow(found: TopicState["ranges"]): void {
    const before = buffers.size;
    if (found.size <= before) return;
    logger.warn({ topic, before, now: found.size }, "the topic has more partitions now");
    for (const partition of found.keys()) {
      if (!buffers.has(partition)) buffers.set(partition, createBuffer(partition, 0n));
    }
    onLost("UNKNOWN_PARTITION", (key) => partitionForKey(key, before) !== partitionOf(key));
  }

  const partitionOf = (key: string) => partitionForKey(key, buffers.size);

  /** The shelf of a partition; one that the tail saw first is looked for until it is known. */
  async function bufferOf(partition: number, isCurrent: () => boolean): Promise<PartitionBuffer | undefined> {
    for (let failures = 0; isCurrent() && !stopped; ) {
      const buffer = buffers.get(partition);
      if (buffer !== undefined) return buffer;
      try {
        const found = byPartition(await log.ranges(topic));
        if (isCurrent()) grow(found);
        if (found.has(partition)) continue;
      } catch (error) {
        logger.warn({ err: error, topic, partition }, "a new partition waits to be known");
      }
      failures += 1;
      await systemSleep(backoffMs(RETRY, failures));
    }
    return undefined;
  }

  async function accept(partition: number, records: readonly LogRecord[], isCurrent: () => boolean): Promise<void> {
    const buffer = buffers.get(partition) ?? (await bufferOf(partition, isCurrent));
    if (buffer === undefined) return;
    const { ring } = buffer;
    const events = records.filter(({ offset }) => offset >= ring.next).map(decodeRecord);
    await options.beforeEvents?.(events);
    // The topic was created anew meanwhile: these are of the former one.
    if (!isCurrent()) return;
    for (const event of events) {
      if (event.offset < ring.next) continue;
      ring.push(event);
      if (event.envelope === null) {
        logger.error({ topic, partition, offset: String(event.offset) }, "unreadable event");
      }
      // Stored by somebody who does not know of a new partition yet: those who follow the key elsewhere would miss it.
      if (partitionOf(event.key) !== partition) onLost("UNKNOWN_PARTITION", (key) => key === event.key);
      options.onEvent(event);
    }
  }

  async function reopen(): Promise<TopicState> {
    logger.warn({ topic }, "the topic was created anew");
    const former = reader;
    reader = undefined;
    clearPages();
    // Nothing of the former topic is accepted from here on.
    buffers = new Map(buffers);
    await former?.stop();
    onLost("TOPIC_RECREATED", () => true);
    epoch = "";
    if (stopped) throw new AppError("EVENT_LOG_UNAVAILABLE", "The live tail was stopped.");
    return open();
  }

  async function fresh(): Promise<TopicState> {
    const found = await look();
    if (stopped) return found;
    if (found.epoch !== epoch) {
      reopening ??= reopen().finally(() => {
        reopening = undefined;
      });
      return reopening;
    }
    ranges = found.ranges;
    grow(ranges);
    return found;
  }

  await open();
  let seen = new Map<number, bigint>();
  const arrears = createArrears(topic);
  const arrived = (partition: number) => buffers.get(partition)?.ring.next;

  /** Has the tail brought by now what was stored at the last look? */
  function checkArrival(found: TopicState): void {
    if ([...seen].some(([partition, high]) => (arrived(partition) ?? high) < high)) options.onMissed?.();
    arrears.note(found.ranges.values(), arrived);
    seen = new Map([...found.ranges].map(([partition, { high }]) => [partition, high]));
  }

  let waiting = false;
  const looking = setInterval(() => {
    if (waiting) options.onMissed?.();
    else {
      waiting = true;
      void coalescedLooks
        .next()
        .then(checkArrival, () => options.onMissed?.())
        .finally(() => {
          waiting = false;
        });
    }
  }, LOOK_EVERY_MS).unref();
  return {
    topic,
    get epoch() {
      return epoch;
    },
    get replayReads() {
      return replayReads;
    },
    lags: () => arrears.lags(arrived),
    ring: (partition) => buffers.get(partition)?.ring,
    ringSize() {
      const rings = [...buffers.values()].map(({ ring }) => ring);
      return {
        events: rings.reduce((sum, { size }) => sum + size, 0),
        bytes: rings.reduce((sum, { bytes }) => sum + bytes, 0),
      };
    },
    state: () => inTime(coalescedLooks.next()),
    partitionOf,
    page(partition, position) {
      const buffer = buffers.get(partition);
      if (buffer === undefined) throw resyncRequired("UNKNOWN_PARTITION");
      return buffer.pages.at(position);
    },
    async stop() {
      stopped = true;
      clearInterval(looking);
      clearPages();
      await reopening?.catch(() => undefined);
      await reader?.stop();
    },
  };
}

function byPartition(ranges: readonly PartitionRange[]): TopicState["ranges"] {
  return new Map(ranges.map((range) => [range.partition, range]));
}
