/**
 * Closes sockets spread over time, so that their clients do not all arrive elsewhere at once. Until its turn a socket
 * works as always; a query or mutation under way is answered first, and what was sent leaves before the close frame
 * does.
 */
import { systemSleep } from "../../platform/events/backoff.ts";
import { type CloseReason, restarting } from "./socket/close-codes.ts";

export interface DrainingSocket {
  /** An operation was accepted and not yet answered. */
  busy(): boolean;
  close(reason: CloseReason): void;
  /** Resolves when the socket is gone. */
  readonly closed: Promise<void>;
}

/** What does not let itself be closed is cut off this long after the drain. */
export const STOP_GRACE_MS = 2_000;
/** Few sockets need no long drain: they are closed at this pace. */
const PACE_MS = 10;
const BUSY_POLL_MS = 20;
/** Clients spread their return over this time. */
const RETRY_SPREAD_MS = 1_000;

/** Resolves when all sockets are gone. @param overMs how long the last socket may stay open, in milliseconds */
export async function drainSockets(
  sockets: readonly DrainingSocket[],
  overMs: number,
  random: () => number = Math.random,
): Promise<void> {
  const deadline = performance.now() + overMs;
  const pace = Math.min(PACE_MS, overMs / Math.max(1, sockets.length));
  await Promise.all(
    shuffled(sockets, random).map(async (socket, turn) => {
      await systemSleep(turn * pace);
      while (socket.busy() && performance.now() < deadline) await systemSleep(BUSY_POLL_MS);
      socket.close(restarting(Math.round(random() * RETRY_SPREAD_MS)));
      await socket.closed;
    }),
  );
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
