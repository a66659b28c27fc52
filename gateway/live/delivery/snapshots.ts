/**
 * Snapshots of one stream, shared: whoever asks before a query began may use its answer, so a storm costs two queries
 * at a time, never one per subscriber. A snapshot is never older than the position it is sent with.
 */
import { AppError } from "../../../platform/errors/app-error.ts";
import { systemSleep } from "../../../platform/events/backoff.ts";
import type { KeyReader } from "../log/key-reader.ts";

/** A place in a stream. */
export interface SnapshotPlace {
  /** Everything below is in the snapshot. */
  readonly position: bigint;
  /** Sequence of the last event below it; `null` when unknown. */
  readonly sequence: bigint | null;
}

export interface Snapshot extends SnapshotPlace {
  /** The JSON text of a `next` payload. */
  readonly frame: string;
}

export interface Snapshots {
  /**
   * A snapshot whose query began after the call and stands at or above `from`: go on from where it stands.
   * @throws AppError when none could be had, `EVENT_LOG_UNAVAILABLE` when the tail does not come to `from`
   */
  take(from: bigint): Promise<Snapshot>;
}

export interface SnapshotsOptions {
  readonly reader: Pick<KeyReader, "head" | "sequenceBefore">;
  /** The state now, as the frame of this place. @throws AppError */
  readonly query: (place: SnapshotPlace) => Promise<string>;
}

/** Those who share a query that has not begun. */
interface Batch {
  /** The highest position among them. */
  from: bigint;
  readonly snapshot: Promise<Snapshot>;
}

const TIMEOUT_MS = 5_000;
const POLL_MS = 5;

export function createSnapshots({ reader, query }: SnapshotsOptions): Snapshots {
  let forming: Batch | undefined;
  let running: Promise<unknown> = Promise.resolve();

  /**
   * The tail evicts what an event changed before the event enters the ring: below its head no cache answers with what
   * was. The log itself may be ahead of it.
   */
  async function reached(batch: Batch): Promise<void> {
    const deadline = Date.now() + TIMEOUT_MS;
    while (reader.head < batch.from) {
      if (Date.now() > deadline) throw new AppError("EVENT_LOG_UNAVAILABLE", "The event log is behind: try again.");
      await systemSleep(POLL_MS);
    }
  }

  async function make(batch: Batch): Promise<Snapshot> {
    try {
      await reached(batch);
    } finally {
      // In the same step in which the place is fixed: who comes later could stand above it.
      forming = undefined;
    }
    const position = reader.head;
    const place = { position, sequence: reader.sequenceBefore(position) };
    return { ...place, frame: await query(place) };
  }

  return {
    take(from) {
      if (forming !== undefined) {
        if (from > forming.from) forming.from = from;
        return forming.snapshot;
      }
      const batch: Batch = { from, snapshot: running.then(() => make(batch)) };
      forming = batch;
      // Only that it is over: a snapshot may be large, and those who asked have it.
      running = batch.snapshot.then(nothing, nothing);
      return batch.snapshot;
    },
  };
}

function nothing(): void {}
