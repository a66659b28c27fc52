/**
 * One subscriber of a stream, whatever carries it: sends every event of its key once and in order from its starting
 * point, first by catching up, then attached to the shared stream. Ends with an error rather than skip one.
 */

import { AppError } from "../../../platform/errors/app-error.ts";
import { backoffMs, systemSleep } from "../../../platform/events/backoff.ts";
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import type { LiveEvent } from "../log/event.ts";
import type { StartingPoint } from "../log/resume.ts";
import { resyncRequired } from "../log/resync.ts";
import type { Frame } from "./frame-text.ts";
import { createLatestQueue } from "./latest-queue.ts";
import type { Follower, SharedStream } from "./shared-stream.ts";
import type { Snapshot } from "./snapshots.ts";

/** Where a subscriber's messages go. */
export interface SubscriberSink {
  /** The JSON text of a `next` payload. */
  next(payload: string): void;
  /** Set while what was sent still waits to be written: catching up pauses until it resolves, live events do not. */
  writable(): Promise<void> | undefined;
  /** The subscription has ended; nothing follows. */
  fail(error: AppError): void;
}

export interface SubscriberPosition {
  readonly next: bigint;
  readonly sequence: bigint | null;
  /** It begins with a snapshot that was not sent yet. */
  readonly snapshotDue: boolean;
}

export interface Subscriber {
  /** Begins to send. */
  start(): void;
  /** Everything below was sent, or is none of the subscriber's. */
  position(): SubscriberPosition;
  /** Looks again whether the viewer may see the stream. */
  reconsider(): void;
  /** Ends it without a message. Idempotent. */
  stop(): void;
}

/** Does one part of catching up, when it is its turn. @param weigh how many events it was */
export type InTurn = <R>(part: () => Promise<R>, weigh: (done: R) => number) => Promise<R>;

export interface SubscriberOptions {
  readonly stream: SharedStream;
  readonly start: StartingPoint;
  /** Why the viewer may not see the stream any more; asked for every event. */
  readonly denial: () => AppError | undefined;
  readonly sink: SubscriberSink;
  /** Begins with what this answers, at its place: at or above the given position. */
  readonly snapshot?: ((from: bigint) => Promise<Snapshot>) | undefined;
  readonly inTurn: InTurn;
  /** Present when a reader who does not keep up is sent the newest event per key only. */
  readonly latestOf?: ((envelope: EventEnvelope) => string | undefined) | undefined;
  /** Called once, however it ends; says whether the stream has other subscribers. */
  readonly onEnd: (occupied: boolean) => void;
}

const RETRY = { baseMs: 100, capMs: 5_000 };

export function createSubscriber(options: SubscriberOptions): Subscriber {
  const { stream, start, denial, sink, snapshot, inTurn, latestOf, onEnd } = options;
  const { reader } = start;
  let { sequence } = start;
  /**
   * Offset of the last event that was offered, or of the last that lay behind. The event's own number: one per
   * subscriber and event would be garbage.
   */
  let passed = start.position - 1n;
  const position = () => passed + 1n;
  let snapshotDue = snapshot !== undefined;
  let phase: "new" | "snapshot" | "catching-up" | "attached" | "ended" = "new";

  function end(): void {
    phase = "ended";
    latest?.clear();
    onEnd(stream.leave(follower));
  }

  function fail(error: AppError): void {
    if (phase === "ended") return;
    end();
    sink.fail(error);
  }

  function offer(event: LiveEvent, frame: Frame): void {
    if (phase === "ended" || event.offset <= passed) return;
    passed = event.offset;
    if (event.envelope === null) {
      fail(resyncRequired("GAP"));
      return;
    }
    if (sequence !== null) {
      // The relay may store an event twice after a crash; the copy may lie behind a cursor.
      if (event.sequence <= sequence) return;
      if (event.sequence !== sequence + 1n) {
        fail(resyncRequired("GAP"));
        return;
      }
    }
    sequence = event.sequence;
    if (frame === null) return;
    if (latest === undefined) send(frame);
    else latest.offer(event, frame);
  }

  function send(frame: string): void {
    const refused = denial();
    if (refused === undefined) sink.next(frame);
    else fail(refused);
  }

  const latest =
    latestOf === undefined ? undefined : createLatestQueue({ keyOf: latestOf, writable: () => sink.writable(), send });

  const follower: Follower = { offer, fail };

  /** What comes next, ready to be sent. */
  async function nextPart() {
    // It may have gone while it waited for its turn.
    if (phase === "ended") return { events: [], frames: [], next: position() };
    const answer = reader.read(position());
    const { events, next } = answer instanceof Promise ? await answer : answer;
    const frames = await Promise.all(events.map((event) => stream.frame(event)));
    return { events, frames, next };
  }

  async function step(): Promise<void> {
    const { events, frames, next } = await inTurn(nextPart, (part) => part.events.length);
    // Outside of the turn: a slow reader holds up nobody.
    for (const [index, event] of events.entries()) {
      const frame = frames[index] ?? null;
      if (latest?.hasRoom(frame?.length ?? 0) !== true) await sink.writable();
      offer(event, frame);
    }
    if (next > position()) passed = next - 1n;
  }

  async function begin(take: NonNullable<typeof snapshot>): Promise<void> {
    phase = "snapshot";
    let taken: Snapshot;
    try {
      taken = await take(position());
    } catch (cause) {
      const message = "The snapshot could not be fetched: subscribe again in a moment.";
      return fail(cause instanceof AppError ? cause : new AppError("SERVICE_UNAVAILABLE", message, { cause }));
    }
    if (phase !== "snapshot") return;
    phase = "catching-up";
    snapshotDue = false;
    passed = taken.position - 1n;
    sequence = taken.sequence;
    send(taken.frame);
    await catchUp();
  }

  async function catchUp(): Promise<void> {
    let failures = 0;
    while (phase === "catching-up") {
      // Checked and attached in one step: everything from `position` on comes from the shared stream.
      if (position() >= stream.position) {
        phase = "attached";
        stream.attach(follower, position());
        return;
      }
      try {
        await step();
        failures = 0;
      } catch (error) {
        if (error instanceof AppError && error.code === "RESYNC_REQUIRED") return fail(error);
        failures += 1;
        await systemSleep(backoffMs(RETRY, failures));
      }
    }
  }

  stream.join(follower);
  return {
    start() {
      if (phase !== "new") return;
      if (snapshot !== undefined) return void begin(snapshot);
      phase = "catching-up";
      void catchUp();
    },
    position() {
      const sent = latest?.sent();
      if (sent !== undefined) return { ...sent, snapshotDue };
      if (phase === "attached") {
        const settled = stream.settle();
        if (settled > position()) passed = settled - 1n;
      }
      return { next: position(), sequence, snapshotDue };
    },
    reconsider() {
      if (phase === "ended") return;
      const refused = denial();
      if (refused !== undefined) fail(refused);
    },
    stop() {
      if (phase !== "ended") end();
    },
  };
}
