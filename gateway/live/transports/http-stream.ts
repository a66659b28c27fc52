/**
 * One streaming answer: what was written, how much waits, that it lives. Never holds more than a bounded amount for a
 * reader that does not keep up; ends with a reason, then lets the reader have what is left, within a grace period.
 */
import type { ServerResponse } from "node:http";
import { systemSleep } from "../../../platform/events/backoff.ts";
import type { LiveTransport } from "../../ports.ts";
import { cursorOf } from "../delivery/frame-text.ts";
import type { Subscription } from "../hub.ts";
import type { StreamFormat } from "./format.ts";

export interface HttpStream {
  readonly transport: LiveTransport;
  readonly open: boolean;
  /** Aborts when the answer is over, whoever ended it. */
  readonly signal: AbortSignal;
  /** Resolves when the connection has let go of the answer. */
  readonly closed: Promise<void>;
  /** Newest cursor that was written. */
  readonly sentCursor: string | undefined;
  /** One answer; a live frame says in itself where it stands. */
  next(payload: string): void;
  /**
   * Resolves when so little waits to be written that more may be sent, or when the answer is over; absent when that is
   * so now.
   */
  writable(): Promise<void> | undefined;
  /** Tells where the subscription starts and follows it with heartbeats. */
  follow(subscription: Subscription): void;
  /** Ends because of `errors`, a JSON array. */
  fail(errors: string): void;
  complete(): void;
  destroy(): void;
}

export interface HttpStreamOptions {
  readonly response: ServerResponse;
  readonly format: StreamFormat;
  readonly heartbeatMs: number;
  /** Called with every heartbeat. */
  readonly onHeartbeat: () => void;
  /** More waits than a reader may leave waiting. */
  readonly onSlow: () => void;
  /** Called once, however it ends. */
  readonly onOver: () => void;
}

const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;
/** Replay stops here and waits, so that it never uses up what live events may need. */
const LOW_WATER_BYTES = 1024 * 1024;
const DRAIN_POLL_MS = 10;
const END_GRACE_MS = 5_000;
/** A reader that took nothing of what waits for so many heartbeats is gone. */
const SILENT_HEARTBEATS = 2;

export function openHttpStream(options: HttpStreamOptions): HttpStream {
  const { response, format, heartbeatMs, onHeartbeat, onSlow, onOver } = options;
  const abort = new AbortController();
  const { promise: closed, resolve: letGo } = Promise.withResolvers<void>();
  let open = true;
  let subscription: Subscription | undefined;
  let lastCursor: string | undefined;
  let ending: NodeJS.Timeout | undefined;
  let taken = 0;
  let silent = 0;

  function write(text: string): boolean {
    if (!open) return false;
    const waiting = response.writableLength;
    // A message that is too large all by itself is sent: ending would only bring it back.
    if (waiting > 0 && waiting + text.length > MAX_BUFFERED_BYTES) {
      onSlow();
      return false;
    }
    response.write(text);
    return true;
  }

  function congested(): boolean {
    return open && response.writableLength > LOW_WATER_BYTES;
  }

  async function drained(): Promise<void> {
    while (congested()) await systemSleep(DRAIN_POLL_MS, abort.signal);
  }

  /** The cursor when it moved since it was last told. */
  function moved(): string | undefined {
    const cursor = subscription?.cursor();
    return cursor === lastCursor ? undefined : cursor;
  }

  function beat(): void {
    if (takesNothing()) {
      destroy();
      return;
    }
    const cursor = moved();
    if (write(format.heartbeat(cursor)) && cursor !== undefined) lastCursor = cursor;
    onHeartbeat();
  }

  function takesNothing(): boolean {
    const { socket, writableLength } = response;
    const sofar = socket === null ? 0 : socket.bytesWritten - socket.writableLength;
    silent = writableLength > 0 && sofar === taken ? silent + 1 : 0;
    taken = sofar;
    return silent >= SILENT_HEARTBEATS;
  }

  function over(): void {
    if (!open) return;
    open = false;
    clearInterval(beating);
    subscription?.stop();
    onOver();
    abort.abort();
  }

  function end(text: string): void {
    if (!open) return;
    over();
    response.end(text);
    ending = setTimeout(() => response.destroy(), END_GRACE_MS);
  }

  function destroy(): void {
    over();
    response.destroy();
  }

  response.once("close", () => {
    clearTimeout(ending);
    over();
    letGo();
  });
  // A failed write is followed by `close`, which is where it is handled.
  response.on("error", () => undefined);
  response.socket?.setNoDelay(true);
  response.write(format.opening);
  const beating = setInterval(beat, heartbeatMs);
  // The caller was gone before: no `close` follows any more.
  if (response.destroyed) {
    over();
    letGo();
  }

  return {
    get open() {
      return open;
    },
    transport: format.transport,
    signal: abort.signal,
    closed,
    get sentCursor() {
      return lastCursor;
    },
    next(payload) {
      const cursor = cursorOf(payload);
      if (write(format.next(payload, cursor)) && cursor !== undefined) lastCursor = cursor;
    },
    writable: () => (congested() ? drained() : undefined),
    follow(followed) {
      if (!open) return followed.stop();
      subscription = followed;
      const cursor = moved();
      if (write(format.heartbeat(cursor))) lastCursor = cursor;
      followed.start();
    },
    fail: (errors) => end(format.failure(errors, lastCursor) + format.ending),
    complete: () => end(format.ending),
    destroy,
  };
}
