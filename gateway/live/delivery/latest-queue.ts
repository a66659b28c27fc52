/**
 * What waits for a reader who does not keep up, on a field that promises the newest event per key: older events of a
 * key give way, and are counted. Bounded; beyond that everything is written, and the connection's own bound decides.
 */
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import type { ReadableEvent } from "../log/event.ts";
import { withSkipped } from "./frame-text.ts";

export interface LatestQueueOptions {
  /** Events of equal keys replace each other; one without a key replaces nothing. */
  readonly keyOf: (envelope: EventEnvelope) => string | undefined;
  /** Absent when more may be sent now, else resolves when so. */
  readonly writable: () => Promise<void> | undefined;
  readonly send: (frame: string) => void;
}

export interface LatestQueue {
  /** Sends the event, now or when there is room, unless a newer one of its key takes its place. */
  offer(event: ReadableEvent, frame: string): void;
  /** May one more of this length wait? */
  hasRoom(length: number): boolean;
  /** Everything below was sent or counted; `undefined` when nothing waits. */
  sent(): { readonly next: bigint; readonly sequence: bigint } | undefined;
  /** Forgets what waits. */
  clear(): void;
}

interface Waiting {
  readonly event: ReadableEvent;
  readonly frame: string;
  /** Counts the events that came since something began to wait. */
  readonly ordinal: number;
}

const MAX_KEYS = 1_000;
const MAX_CHARACTERS = 256 * 1024;

export function createLatestQueue({ keyOf, writable, send }: LatestQueueOptions): LatestQueue {
  /** In the order of the events. */
  const waiting = new Map<string, Waiting>();
  let characters = 0;
  let ordinal = 0;
  let written = 0;
  let reached: { readonly next: bigint; readonly sequence: bigint } | undefined;
  let flushing = false;

  const hasRoom = (length: number) => waiting.size < MAX_KEYS && characters + length <= MAX_CHARACTERS;

  function drop(key: string): void {
    characters -= waiting.get(key)?.frame.length ?? 0;
    waiting.delete(key);
  }

  /**
   * Those between the frame before and this one were replaced: a cursor must not lie behind events that nobody counted.
   */
  function sendFirst(): void {
    for (const [key, { event, frame, ordinal: number }] of waiting) {
      drop(key);
      const skipped = number - written - 1;
      written = number;
      reached = { next: event.offset + 1n, sequence: event.sequence };
      send(withSkipped(frame, skipped));
      return;
    }
  }

  async function flush(): Promise<void> {
    while (waiting.size > 0) {
      await writable();
      if (writable() === undefined) sendFirst();
    }
    flushing = false;
  }

  return {
    offer(event, frame) {
      if (waiting.size === 0) {
        if (writable() === undefined) return send(frame);
        ordinal = 0;
        written = 0;
        reached = { next: event.offset, sequence: event.sequence - 1n };
      }
      const value = keyOf(event.envelope);
      const key = value === undefined ? `offset ${event.offset}` : `value ${value}`;
      drop(key);
      const fits = hasRoom(frame.length);
      ordinal += 1;
      waiting.set(key, { event, frame, ordinal });
      characters += frame.length;
      if (!fits) while (waiting.size > 0) sendFirst();
      if (flushing) return;
      flushing = true;
      void flush();
    },
    hasRoom,
    sent: () => (waiting.size === 0 ? undefined : reached),
    clear() {
      waiting.clear();
      characters = 0;
    },
  };
}
