/**
 * One socket: who is behind it, what it follows, how much waits to be sent. Closes itself when the token ends, when the
 * peer is silent for two ping periods, and when the peer does not keep up.
 */
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { ClientFacts, Identity } from "../../platform/auth/identity.ts";
import { AppError } from "../../platform/errors/app-error.ts";
import { systemSleep } from "../../platform/events/backoff.ts";
import { newTrace } from "../../platform/tracing/trace-context.ts";
import type { Authentication, GatewayContext, LivePorts, Revocation } from "../ports.ts";
import { concernsViewer } from "./authority.ts";
import { CLOSE, type CloseReason } from "./close-codes.ts";
import { textFrame } from "./frames.ts";
import type { Subscription } from "./hub.ts";
import type { LiveMeter } from "./metrics.ts";

export interface Connection {
  readonly client: ClientFacts;
  /** Ids whose operation is being prepared. */
  readonly preparing: Set<string>;
  identity(): Identity;
  /** @returns whether the socket may be used; `false` when it must be closed as forbidden or was closed already */
  authenticate(token: string | undefined): Promise<boolean>;
  /**
   * Goes on with a newer token of the same session: grants are taken anew, the expiry moves. A token of somebody else closes the
   * socket. @returns until when it holds; `undefined` when the socket was closed. @throws AppError for a token that is
   * no good or of another session: nothing has changed then
   */
  refresh(token: string): Promise<Date | undefined>;
  /** A context for one operation of the socket. */
  context(): GatewayContext;
  send(text: string): void;
  /** Sends one message of two parts: a head of this socket's own, and a body that all sockets share. */
  sendParts(head: Buffer, body: Buffer): void;
  /** Resolves when so little waits to be written that more may be sent, or when the socket is gone; absent when that is so now. */
  writable(): Promise<void> | undefined;
  close(reason: CloseReason): void;
  /** Registers a subscription and tells the client where it starts. */
  opened(id: string, subscription: Subscription): void;
  ended(id: string): void;
  /** Somebody lost rights: checks again when that may be this viewer. */
  revoked(who: Revocation): void;
  /** Anything from the peer proves that it lives. */
  heard(): void;
  /** The socket is gone. */
  dispose(): void;
}

const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;
/** Replay stops here and waits, so that it never uses up what live events may need. */
const COMFORTABLE_BYTES = 1024 * 1024;
const DRAIN_POLL_MS = 10;
/** A viewer whom nobody could confirm for this long is asked to come back later. */
const UNCONFIRMED_MS = 60_000;
/** A peer that does not read gets no close frame either. */
const CLOSE_GRACE_MS = 5_000;
const LONGEST_TIMER_MS = 2_147_483_647;

interface ConnectionPorts extends Pick<LivePorts, "authenticator" | "clock" | "logger" | "settings"> {
  readonly meter: Pick<LiveMeter, "slowCloses">;
}

/** @param wire what `socket` writes to */
export function createConnection(
  socket: WebSocket,
  wire: Duplex,
  client: ClientFacts,
  ports: ConnectionPorts,
): Connection {
  const { authenticator, clock, logger, settings } = ports;
  const subscriptions = new Map<string, { readonly subscription: Subscription; told: string }>();
  const abort = new AbortController();
  let token: string | undefined;
  let current: Authentication = { identity: { kind: "ANONYMOUS" } };
  let confirmedAt = 0;
  let expiry: NodeJS.Timeout | undefined;
  let closing: NodeJS.Timeout | undefined;
  let checking: Promise<void> | undefined;
  let checkAgain: Revocation | undefined;
  let refreshing = 0;
  /** Revocations heard while a token was being looked at. */
  let missed: Revocation[] = [];
  let alive = true;

  /** Whether this much more may be sent; the socket is closed when its peer does not keep up. */
  function takes(bytes: number): boolean {
    if (socket.readyState !== socket.OPEN) return false;
    // A message that is too large all by itself is sent: closing would only bring it back.
    if (socket.bufferedAmount === 0 || socket.bufferedAmount + bytes <= MAX_BUFFERED_BYTES) return true;
    logger.warn({ buffered: socket.bufferedAmount }, "a socket does not keep up");
    ports.meter.slowCloses += 1;
    close(CLOSE.slowConsumer);
    return false;
  }

  function send(text: string): void {
    if (takes(text.length)) socket.send(text, reportNothing);
  }

  function sendParts(head: Buffer, body: Buffer): void {
    if (!takes(head.length + body.length)) return;
    wire.cork();
    for (const piece of textFrame(head, body)) wire.write(piece);
    wire.uncork();
  }

  async function drained(): Promise<void> {
    while (congested()) await systemSleep(DRAIN_POLL_MS, abort.signal);
  }

  function congested(): boolean {
    return socket.readyState === socket.OPEN && socket.bufferedAmount > COMFORTABLE_BYTES;
  }

  function close({ code, reason }: CloseReason): void {
    for (const { subscription } of subscriptions.values()) subscription.stop();
    if (socket.readyState !== socket.OPEN) return;
    socket.close(code, reason);
    closing = setTimeout(() => socket.terminate(), CLOSE_GRACE_MS);
  }

  function watchExpiry(): void {
    clearTimeout(expiry);
    const { expiresAt } = current;
    if (expiresAt === undefined) return;
    const left = expiresAt.getTime() - clock.now().getTime();
    if (left <= 0) close(CLOSE.tokenExpired);
    else expiry = setTimeout(watchExpiry, Math.min(left, LONGEST_TIMER_MS));
  }

  async function check(who: Revocation): Promise<void> {
    const asked = token;
    let found: Authentication;
    try {
      found = await authenticator.authenticate(asked, client);
    } catch (error) {
      // A refresh came in between: it asked later, and about the token that counts.
      if (token !== asked) return;
      if (error instanceof AppError && error.code === "UNAUTHENTICATED") close(CLOSE.sessionEnded);
      else if (Object.keys(who).length > 0 || clock.now().getTime() - confirmedAt > UNCONFIRMED_MS) {
        logger.warn({ err: error }, "a socket's viewer could not be confirmed");
        close(CLOSE.tryAgainLater);
      }
      return;
    }
    if (token !== asked) return;
    if (found.identity.kind !== "USER") return close(CLOSE.sessionEnded);
    goOn(found);
  }

  function goOn(found: Authentication): void {
    current = found;
    confirmedAt = clock.now().getTime();
    watchExpiry();
    for (const { subscription } of [...subscriptions.values()]) subscription.reconsider();
  }

  async function refresh(given: string): Promise<Date | undefined> {
    if (current.identity.kind !== "USER") throw new AppError("UNAUTHENTICATED", "Send connection_init first.");
    refreshing += 1;
    try {
      const found = await authenticator.authenticate(given, client);
      const { identity } = found;
      if (identity.kind !== "USER" || found.expiresAt === undefined) {
        throw new AppError("UNAUTHENTICATED", "This token is not valid.");
      }
      if (socket.readyState !== socket.OPEN) return undefined;
      if (identity.userId !== current.identity.userId) {
        close(CLOSE.forbidden);
        return undefined;
      }
      if (identity.sessionId !== current.identity.sessionId) {
        throw new AppError("FORBIDDEN", "This token is of another session: open another socket with it.");
      }
      token = given;
      goOn(found);
      return socket.readyState === socket.OPEN ? found.expiresAt : undefined;
    } finally {
      refreshing -= 1;
      if (refreshing === 0) hearMissed();
    }
  }

  /** What was asked before a revocation may have been answered after it with what held before: ask again. */
  function hearMissed(): void {
    const heard = missed;
    missed = [];
    for (const who of heard) if (concernsViewer(who, current.identity)) recheck(who);
  }

  function recheck(who: Revocation): void {
    if (token === undefined || abort.signal.aborted) return;
    if (checking !== undefined) {
      checkAgain = { ...checkAgain, ...who };
      return;
    }
    checking = check(who).finally(() => {
      checking = undefined;
      const next = checkAgain;
      checkAgain = undefined;
      if (next !== undefined) recheck(next);
    });
  }

  function ping(): void {
    if (!alive) {
      socket.terminate();
      return;
    }
    alive = false;
    const cursors: Record<string, string> = {};
    for (const [id, followed] of subscriptions) {
      const cursor = followed.subscription.cursor();
      if (cursor === followed.told) continue;
      followed.told = cursor;
      cursors[id] = cursor;
    }
    sendPing(cursors);
    recheck({});
  }

  function sendPing(cursors: Readonly<Record<string, string>>): void {
    const payload = Object.keys(cursors).length === 0 ? {} : { payload: { tributary: { cursors } } };
    send(JSON.stringify({ type: "ping", ...payload }));
  }

  const pinging = setInterval(ping, settings.WS_PING_MS);

  return {
    client,
    preparing: new Set(),
    identity: () => current.identity,
    async authenticate(given) {
      let found: Authentication;
      refreshing += 1;
      try {
        found = await authenticator.authenticate(given, client);
      } catch (error) {
        if (error instanceof AppError && error.expected) return false;
        logger.warn({ err: error }, "a socket's viewer could not be confirmed");
        close(CLOSE.tryAgainLater);
        return false;
      } finally {
        refreshing -= 1;
      }
      if (found.identity.kind !== "USER") return false;
      token = given;
      current = found;
      confirmedAt = clock.now().getTime();
      watchExpiry();
      hearMissed();
      return socket.readyState === socket.OPEN;
    },
    context() {
      const trace = newTrace();
      return {
        identity: current.identity,
        client,
        trace,
        logger: logger.child({ traceId: trace.traceId }),
        forwardedHeaders: {},
        signal: abort.signal,
      };
    },
    refresh,
    send,
    sendParts,
    writable: () => (congested() ? drained() : undefined),
    close,
    opened(id, subscription) {
      // The socket went while the operation was being prepared: nobody else will end it.
      if (abort.signal.aborted) return subscription.stop();
      const cursor = subscription.cursor();
      subscriptions.set(id, { subscription, told: cursor });
      sendPing({ [id]: cursor });
    },
    ended: (id) => void subscriptions.delete(id),
    revoked(who) {
      if (refreshing > 0) missed.push(who);
      if (concernsViewer(who, current.identity)) recheck(who);
    },
    heard() {
      alive = true;
    },
    dispose() {
      clearInterval(pinging);
      clearTimeout(expiry);
      clearTimeout(closing);
      abort.abort();
      for (const { subscription } of subscriptions.values()) subscription.stop();
      subscriptions.clear();
    },
  };
}

/** A failed write is followed by the socket's close, which is where it is handled. */
function reportNothing(): void {}
