// One connection through the fault proxy: two directions, each a queue of chunks with the time at which they may
// arrive.
import { connect, type Socket } from "node:net";
import type { FaultMode } from "./fault-mode.ts";

export interface Link {
  /** RST to both sides. */
  reset(): void;
  /** Called when the proxy changes to `next`: resets the link if it lost bytes that `next` would have delivered. */
  leave(next: FaultMode): void;
}

export interface LinkOptions {
  readonly client: Socket;
  readonly target: { readonly host: string; readonly port: number };
  readonly mode: () => FaultMode;
  readonly closed: () => void;
  readonly swallowed: (bytes: number) => void;
}

type Direction = "to-target" | "to-client";

/** More than this much delayed data and the sender is held back, as a full socket buffer would. */
const QUEUE_LIMIT_BYTES = 4 * 1024 * 1024;
/** A throttled direction sends this often, in milliseconds. */
const THROTTLE_STEP_MS = 20;

export function openLink({ client, target, mode, closed, swallowed }: LinkOptions): Link {
  const server = connect({ ...target, allowHalfOpen: true, noDelay: true });
  const lost = new Set<Direction>();
  const lose = (direction: Direction, chunk: Chunk) => {
    lost.add(direction);
    if (chunk !== "end") swallowed(chunk.length);
  };
  const reset = () => {
    client.resetAndDestroy();
    // A socket that still connects cannot be reset.
    if (server.connecting) server.destroy();
    else server.resetAndDestroy();
  };
  client.on("error", reset);
  server.on("error", reset);
  let open = 2;
  const closeOne = (other: Socket) => () => {
    open -= 1;
    if (open === 0) closed();
    // One side is gone for good: in a mode that forwards, the other side is told.
    else if (!swallows(mode(), "to-client") && !swallows(mode(), "to-target")) other.destroySoon();
  };
  client.once("close", closeOne(server));
  server.once("close", closeOne(client));
  forward({ from: client, to: server, direction: "to-target", mode, lose });
  forward({ from: server, to: client, direction: "to-client", mode, lose });
  return {
    reset,
    leave(next) {
      for (const direction of lost) if (!swallows(next, direction)) return reset();
    },
  };
}

function swallows(mode: FaultMode, direction: Direction): boolean {
  return mode === "black-hole" || (mode === "half-open" && direction === "to-client");
}

type Chunk = Buffer | "end";

interface Queued {
  readonly due: number;
  readonly chunk: Chunk;
}

interface Forwarding {
  readonly from: Socket;
  readonly to: Socket;
  readonly direction: Direction;
  readonly mode: () => FaultMode;
  readonly lose: (direction: Direction, chunk: Chunk) => void;
}

function forward({ from, to, direction, mode, lose }: Forwarding): void {
  const queue: Queued[] = [];
  let queuedBytes = 0;
  let lastDue = 0;
  let draining = false;

  function enqueue(chunk: Chunk): void {
    const current = mode();
    if (swallows(current, direction)) {
      lose(direction, chunk);
      return;
    }
    // Never earlier than what came before, whatever the mode was then.
    lastDue = Math.max(
      lastDue,
      performance.now() + (typeof current === "object" && "delayMs" in current ? current.delayMs : 0),
    );
    for (const piece of chunk === "end" ? [chunk] : pieces(chunk, current)) {
      if (typeof current === "object" && "bytesPerSecond" in current && piece !== "end") {
        lastDue += (piece.length / current.bytesPerSecond) * 1000;
      }
      queue.push({ due: lastDue, chunk: piece });
      queuedBytes += piece.length;
    }
    if (queuedBytes > QUEUE_LIMIT_BYTES) from.pause();
    if (!draining) drain();
  }

  function drain(): void {
    draining = true;
    for (let head = queue[0]; head !== undefined; head = queue[0]) {
      const wait = head.due - performance.now();
      if (wait > 0) {
        setTimeout(drain, wait);
        return;
      }
      queue.shift();
      queuedBytes -= head.chunk.length;
      if (to.destroyed) continue;
      if (swallows(mode(), direction)) lose(direction, head.chunk);
      else if (head.chunk === "end") to.end();
      else if (!to.write(head.chunk)) {
        whenWritable(to, drain);
        from.pause();
        return;
      }
    }
    draining = false;
    from.resume();
  }

  from.on("data", (chunk: Buffer) => enqueue(chunk));
  from.on("end", () => enqueue("end"));
}

/** Once, when the socket takes data again or never will. */
function whenWritable(socket: Socket, then: () => void): void {
  const done = () => {
    socket.off("drain", done);
    socket.off("close", done);
    then();
  };
  socket.on("drain", done);
  socket.on("close", done);
}

function pieces(chunk: Buffer, mode: FaultMode): Buffer[] {
  if (typeof mode !== "object" || !("bytesPerSecond" in mode)) return [chunk];
  const size = Math.max(1, Math.floor((mode.bytesPerSecond * THROTTLE_STEP_MS) / 1000));
  return Array.from({ length: Math.ceil(chunk.length / size) }, (_, index) =>
    chunk.subarray(index * size, (index + 1) * size),
  );
}
