/**
 * The `EventLog` port: an append-only log of topics, each split into partitions with rising offsets.
 * Two adapters (Kafka, Postgres) pass one contract suite, `test/integration/events/event-log-contract.ts`.
 */

/** A record as read from the log. `offset` rises within a partition; offsets need not be dense. */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string;
  /** The CloudEvents JSON text exactly as appended. Undecoded: a bad one must not stop a reader. */
  readonly value: string;
  /** When the log stored it. */
  readonly appendedAt: Date;
}

/** A record to append. */
export interface LogAppend {
  readonly key: string;
  readonly value: string;
}

/** Next offset to read per partition. */
export type LogPositions = ReadonlyMap<number, bigint>;

/** The readable range of a partition: `low` is the first retained offset, `high` the next to be written. */
export interface PartitionRange {
  readonly partition: number;
  readonly low: bigint;
  readonly high: bigint;
}

/** A partition that this instance reads for a group until `signal` aborts. */
export interface PartitionAssignment {
  readonly topic: string;
  readonly partition: number;
  /** Aborts when the partition goes to another instance or the reader stops: start nothing new after it. */
  readonly signal: AbortSignal;
  /**
   * Says that every record below `next` is done with. Stored soon after (many calls become one write), at the latest
   * when the partition is given back; a crash in between delivers those records again.
   */
  commit(next: bigint): void;
}

/** What a group does with the records of one assigned partition. */
export interface PartitionConsumer {
  /**
   * Records in offset order. The next call waits for this promise (backpressure), which need not wait for the
   * records' effects. After a rejection the partition is assigned anew, from its last commit, after a pause.
   */
  deliver(records: readonly LogRecord[]): Promise<void>;
  /** After `signal` aborted: resolves when nothing is running any more. */
  drain(): Promise<void>;
}

export interface GroupConsumeOptions {
  /** Instances with the same group share the partitions; every group sees every record. */
  readonly group: string;
  readonly topics: readonly string[];
  /** Called each time this instance is given a partition. At least once: records above the last commit come again. */
  readonly onAssigned: (assignment: PartitionAssignment) => PartitionConsumer;
}

export interface TailOptions {
  readonly topic: string;
  /**
   * `"end"` reads what is appended from now on; positions start exactly there; a partition not named is new and read
   * from its beginning.
   */
  readonly from: "end" | LogPositions;
  /** Called in partition order. Backpressure: the next batch of the partition waits for the promise. */
  readonly onRecords: (partition: number, records: readonly LogRecord[]) => void | Promise<void>;
  /** The tail could not read for a while (it goes on trying), or lost records to retention (`low` > position). */
  readonly onInterruption?: (problem: Error) => void;
  /**
   * The position was outside what is retained: records below `low` were deleted unread, or the log lost its end.
   * Reading goes on at `low`. Called before any later record of the partition.
   */
  readonly onGap?: (partition: number, low: bigint) => void;
}

/** A running reader. `stop` resolves when no further callback can happen. */
export interface LogReader {
  stop(): Promise<void>;
}

export interface EventLog {
  /** Connects. Idempotent; rejects with `EVENT_LOG_UNAVAILABLE` when the store cannot be reached. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Creates the topics that are missing; leaves existing ones alone. */
  ensureTopics(topics: readonly string[]): Promise<void>;
  /**
   * Appends in the given order, durable when resolved. At least once: after a rejection any prefix may have been
   * stored, and a retry may store it again. Readers deduplicate by event id or by (key, sequence).
   * @throws AppError `EVENT_REFUSED` when the log does not take one of the records as it is, e.g. for its size; any of
   * the others may have been stored. Trying again is in vain until the log's limits change.
   */
  append(topic: string, records: readonly LogAppend[]): Promise<void>;
  /** Reads as a member of a group from its committed offset (a new group: from the beginning). */
  consume(options: GroupConsumeOptions): Promise<LogReader>;
  /** The committed positions of a group; a partition without a commit is missing. */
  committed(group: string, topic: string): Promise<LogPositions>;
  /** Every caller sees everything; nothing is committed. Resolves once the start positions are fixed. */
  tail(options: TailOptions): Promise<LogReader>;
  /**
   * Records of one partition with `offset >= from`, at most `limit`, in order; empty at the end.
   * Rejects with `OFFSET_OUT_OF_RANGE` when `from` is below the retained range.
   */
  read(request: {
    readonly topic: string;
    readonly partition: number;
    readonly from: bigint;
    readonly limit: number;
  }): Promise<readonly LogRecord[]>;
  /** The retained range of every partition. */
  ranges(topic: string): Promise<readonly PartitionRange[]>;
  /** Changes when the topic was deleted and created anew: offsets of another epoch mean nothing. */
  epoch(topic: string): Promise<string>;
  /** The partition a key is appended to. */
  partitionOf(topic: string, key: string): Promise<number>;
  /** For `/ready`: resolves when the store answers, else rejects with the reason. */
  check(): Promise<void>;
}
