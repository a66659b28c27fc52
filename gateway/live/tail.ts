/**
 * One tail per topic and gateway: every record goes into the ring of its partition and is announced, once and in offset
 * order. Also the gateway's view of the topic: its epoch and kept ranges, asked for once however many want to know.
 */
import type { EventLog, LogReader, LogRecord, PartitionRange } from "../../platform/events/event-log.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import { decodeRecord, type LiveEvent } from "./event.ts";
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
  held(): RingLimits;
  /** The topic's state at some instant after the call. Reopens the tail when the topic was created anew. */
  state(): Promise<TopicState>;
  partitionOf(key: string): Promise<number>;
  /** Records of a partition from the log, for readers behind the ring. */
  read(partition: number, from: bigint, limit: number): Promise<readonly LogRecord[]>;
  stop(): Promise<void>;
}

export interface TopicTailOptions {
  readonly log: EventLog;
  readonly topic: string;
  /** Of each partition's ring. */
  readonly ring: RingLimits;
  readonly logger: Logger;
  /** Before these events enter their ring: nobody has seen them yet. Events wait for it. Must not reject. */
  readonly beforeEvents?: (events: readonly LiveEvent[]) => Promise<void>;
  /** After the event is in its ring. */
  readonly onEvent: (event: LiveEvent) => void;
  /** The topic was deleted and created anew: every position in it means nothing now. */
  readonly onRecreated: () => void;
}

/** @throws AppError `EVENT_LOG_UNAVAILABLE` */
export async function openTopicTail(options: TopicTailOptions): Promise<TopicTail> {
  const { log, topic, logger } = options;
  let rings = new Map<number, EventRing>();
  let epoch = "";
  let reader: LogReader | undefined;
  let stopped = false;
  let reopening: Promise<void> | undefined;
  let running: Promise<TopicState> | undefined;
  let queued: Promise<TopicState> | undefined;

  async function look(): Promise<TopicState> {
    const [current, ranges] = await Promise.all([log.epoch(topic), log.ranges(topic)]);
    return { epoch: current, ranges: new Map(ranges.map((range) => [range.partition, range])) };
  }

  async function open(): Promise<void> {
    const state = await look();
    const fresh = new Map(
      [...state.ranges].map(([partition, { high }]) => [partition, createEventRing(options.ring, high)]),
    );
    rings = fresh;
    epoch = state.epoch;
    try {
      reader = await log.tail({
        topic,
        from: new Map([...state.ranges].map(([partition, { high }]) => [partition, high])),
        onRecords(partition, records) {
          const ring = fresh.get(partition);
          if (ring === undefined || rings !== fresh) return undefined;
          return accept(ring, records, () => rings === fresh);
        },
        onInterruption(problem) {
          logger.warn({ err: problem, topic }, "the live tail was interrupted");
          // What the tail missed shows as a gap in the sequence; a new epoch would not.
          void nextState().catch(() => undefined);
        },
      });
    } catch (error) {
      // No epoch is ever equal to this one: whoever asks next opens the tail again.
      epoch = "";
      throw error;
    }
  }

  async function accept(ring: EventRing, records: readonly LogRecord[], current: () => boolean): Promise<void> {
    const events = records.filter(({ offset }) => offset >= ring.next).map(decodeRecord);
    await options.beforeEvents?.(events);
    // The topic was created anew meanwhile: these are of the former one.
    if (!current()) return;
    for (const event of events) {
      if (event.offset < ring.next) continue;
      ring.push(event);
      if (event.envelope === null) {
        logger.error({ topic, partition: event.partition, offset: String(event.offset) }, "unreadable event");
      }
      options.onEvent(event);
    }
  }

  async function reopen(): Promise<void> {
    logger.warn({ topic }, "the topic was created anew");
    const former = reader;
    reader = undefined;
    await former?.stop();
    options.onRecreated();
    if (!stopped) await open();
  }

  async function fresh(): Promise<TopicState> {
    const state = await look();
    if (state.epoch !== epoch && !stopped) {
      reopening ??= reopen().finally(() => {
        reopening = undefined;
      });
      await reopening;
    }
    return state;
  }

  /** A round that began before the call may have looked too early: callers share the next one. */
  function nextState(): Promise<TopicState> {
    if (running === undefined) {
      const round = fresh().finally(() => {
        if (running === round) running = undefined;
      });
      running = round;
      return round;
    }
    queued ??= running
      .catch(() => undefined)
      .then(() => {
        queued = undefined;
        return nextState();
      });
    return queued;
  }

  await open();
  return {
    topic,
    get epoch() {
      return epoch;
    },
    ring: (partition) => rings.get(partition),
    held() {
      const all = [...rings.values()];
      return {
        events: all.reduce((sum, { size }) => sum + size, 0),
        bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
      };
    },
    state: nextState,
    partitionOf: (key) => log.partitionOf(topic, key),
    read: (partition, from, limit) => log.read({ topic, partition, from, limit }),
    async stop() {
      stopped = true;
      await reopening?.catch(() => undefined);
      await reader?.stop();
    },
  };
}
