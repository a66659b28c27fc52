/**
 * The newest events of one partition in memory, bounded in events and in bytes, oldest dropped first. Knows exactly
 * which offsets it covers: a reader inside [first, next) needs no other source, a reader before it must go to the log.
 */
import type { LiveEvent } from "./event.ts";

export interface RingLimits {
  readonly events: number;
  /** Of the records' text. The newest event is held whatever its size: an event above the bound is held alone. */
  readonly bytes: number;
}

export interface EventRing {
  /** The ring holds every event at or above this offset … */
  readonly first: bigint;
  /** … and below this one: the next offset to be read from the log. */
  readonly next: bigint;
  readonly size: number;
  /** Of the held records' text. */
  readonly bytes: number;
  /** Adds the next record; offsets must rise. */
  push(event: LiveEvent): void;
  /** The first `limit` events of the key at or above `from`, in order. */
  after(key: string, from: bigint, limit: number): LiveEvent[];
  /** The last event of the key below `before`, if the ring still holds it. */
  lastBefore(key: string, before: bigint): LiveEvent | undefined;
}

/** Events of one key; `head` counts the dropped ones that still sit at the front. */
interface KeyEvents {
  readonly events: (LiveEvent | undefined)[];
  head: number;
}

/** @param start the first offset that will be pushed, or any below it down to the end of what was read before */
export function createEventRing({ events: capacity, bytes: maxBytes }: RingLimits, start: bigint): EventRing {
  const keys = new Map<string, KeyEvents>();
  const slots = new Array<LiveEvent | undefined>(capacity);
  let oldest = 0;
  let size = 0;
  let bytes = 0;
  let first = start;
  let next = start;

  function drop(): void {
    const event = slots[oldest];
    slots[oldest] = undefined;
    oldest = (oldest + 1) % capacity;
    size -= 1;
    if (event === undefined) return;
    bytes -= event.size;
    first = event.offset + 1n;
    const keyEvents = keys.get(event.key);
    if (keyEvents === undefined) return;
    // The ring drops in the order it added, so this event is the first of its key.
    keyEvents.events[keyEvents.head] = undefined;
    keyEvents.head += 1;
    if (keyEvents.head === keyEvents.events.length) keys.delete(event.key);
    else if (keyEvents.head > 64 && keyEvents.head * 2 > keyEvents.events.length) {
      keyEvents.events.splice(0, keyEvents.head);
      keyEvents.head = 0;
    }
  }

  /** Index of the first event at or above `from`. */
  function search({ events, head }: KeyEvents, from: bigint): number {
    let low = head;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const event = events[middle];
      if (event !== undefined && event.offset < from) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    get first() {
      return first;
    },
    get next() {
      return next;
    },
    get size() {
      return size;
    },
    get bytes() {
      return bytes;
    },
    push(event) {
      next = event.offset + 1n;
      while (size === capacity || (size > 0 && bytes + event.size > maxBytes)) drop();
      slots[(oldest + size) % capacity] = event;
      size += 1;
      bytes += event.size;
      const keyEvents = keys.get(event.key);
      if (keyEvents === undefined) keys.set(event.key, { events: [event], head: 0 });
      else keyEvents.events.push(event);
    },
    after(key, from, limit) {
      const keyEvents = keys.get(key);
      if (keyEvents === undefined) return [];
      const index = search(keyEvents, from);
      return keyEvents.events.slice(index, index + limit).filter((event) => event !== undefined);
    },
    lastBefore(key, before) {
      const keyEvents = keys.get(key);
      if (keyEvents === undefined) return undefined;
      const index = search(keyEvents, before) - 1;
      return index < keyEvents.head ? undefined : keyEvents.events[index];
    },
  };
}
