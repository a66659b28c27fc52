/**
 * One operation over one key for all subscribers who would see the same: each event is enriched and serialised once, in
 * order, and offered to everybody. Holds no queue of its own: it follows the ring, and the log when it falls behind.
 */

import { AppError } from "../../../platform/errors/app-error.ts";
import { backoffMs, systemSleep } from "../../../platform/events/backoff.ts";
import type { LiveEvent } from "../log/event.ts";
import type { Batch, KeyReader } from "../log/key-reader.ts";
import { createFrameCache } from "./frame-cache.ts";
import type { Frame } from "./frame-text.ts";

/** Somebody who follows a stream. Offered events may repeat or start early: the follower knows its own position. */
export interface Follower {
  offer(event: LiveEvent, frame: Frame): void;
  fail(error: AppError): void;
}

export interface SharedStream {
  /** Everything below was offered to every attached follower. */
  readonly position: bigint;
  /** The position if nothing is under way: moves on a quiet key too. */
  settle(): bigint;
  /** An event of the key is in the ring. */
  wake(event: LiveEvent): void;
  /** Counts the follower in: `fail` reaches it from now on. */
  join(follower: Follower): void;
  /** From here on a follower that stands at `from` (at or above `position`) is offered everything it lacks. */
  attach(follower: Follower, from: bigint): void;
  /** @returns whether anybody is left */
  leave(follower: Follower): boolean;
  /** What subscribers of this stream are sent for the event; made once, shared with those who catch up. */
  frame(event: LiveEvent): Promise<Frame>;
  /** Ends everybody. */
  fail(error: AppError): void;
}

export interface SharedStreamOptions {
  readonly reader: KeyReader;
  /** Never rejects. */
  readonly render: (event: LiveEvent) => Promise<Frame>;
  /** While events are made ready for attached followers. */
  readonly onDelivering?: (work: Promise<void>) => void;
  /** After a frame was offered to every attached follower. */
  readonly onDelivered?: (event: LiveEvent) => void;
}

const RETRY = { baseMs: 100, capMs: 5_000 };

export function createSharedStream(options: SharedStreamOptions): SharedStream {
  const { reader, render, onDelivering, onDelivered } = options;
  const members = new Set<Follower>();
  const attached = new Set<Follower>();
  const frame = createFrameCache(render);
  let position = reader.head;
  let pumping = false;

  function fail(error: AppError): void {
    for (const member of [...members]) member.fail(error);
  }

  async function deliver(batch: Batch): Promise<void> {
    // Started together, offered in order.
    const rendered = batch.events.map((event) => ({ event, rendering: frame(event) }));
    for (const { event, rendering } of rendered) {
      const text = await rendering;
      position = event.offset + 1n;
      for (const follower of attached) follower.offer(event, text);
      if (text !== null) onDelivered?.(event);
    }
    if (batch.next > position) position = batch.next;
  }

  /** Clears `pumping` in the same step in which it finds nothing left: a wake in between would be lost. */
  async function pump(): Promise<void> {
    let failures = 0;
    while (attached.size > 0) {
      try {
        const answer = reader.read(position);
        const batch = answer instanceof Promise ? await answer : answer;
        failures = 0;
        if (batch.events.length === 0 && batch.next <= position) break;
        const delivering = deliver(batch);
        onDelivering?.(delivering);
        await delivering;
      } catch (error) {
        if (error instanceof AppError && error.code === "RESYNC_REQUIRED") {
          fail(error);
          break;
        }
        failures += 1;
        await systemSleep(backoffMs(RETRY, failures));
      }
    }
    pumping = false;
  }

  function start(): void {
    if (pumping) return;
    pumping = true;
    // Events that come together are in the ring then: they are enriched together.
    queueMicrotask(() => void pump());
  }

  return {
    get position() {
      return position;
    },
    settle() {
      // Every event of the key wakes the stream: without a pump under way there is none below the ring's head.
      if (!pumping && reader.head > position) position = reader.head;
      return position;
    },
    wake(event) {
      if (!pumping && event.offset > position) position = event.offset;
      start();
    },
    join: (follower) => void members.add(follower),
    attach(follower, from) {
      // Without a pump everybody else has all there is below the head, so nobody needs what lies before the newcomer.
      const useful = from < reader.head ? from : reader.head;
      if (!pumping && useful > position) position = useful;
      attached.add(follower);
      start();
    },
    leave(follower) {
      attached.delete(follower);
      members.delete(follower);
      return members.size > 0;
    },
    frame,
    fail,
  };
}
