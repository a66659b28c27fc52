/**
 * One socket: what it follows, how much waits to be sent, that its peer lives. Closes itself when its viewer's session
 * ends, when the peer is silent for two ping periods, and when the peer does not keep up.
 */
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { type ClientFacts, type Identity, principalOf } from "../../../platform/auth/identity.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import { systemSleep } from "../../../platform/events/backoff.ts";
import { newTrace } from "../../../platform/tracing/trace-context.ts";
import { createTokenBucket } from "../../limits/token-bucket.ts";
import type { ClientName } from "../../operations/client-name.ts";
import type { GatewayContext, LivePorts, Revocation } from "../../ports.ts";
import { createSessionRevalidation, type SessionEnd } from "../access/session-revalidation.ts";
import type { Subscription } from "../hub.ts";
import type { LiveMeter } from "../metrics.ts";
import { CLOSE, type CloseReason, fitting } from "./close-codes.ts";
import type { SharedBody } from "./frames.ts";

export interface Connection {
  readonly client: ClientFacts;
  /** From the upgrade request, else from `connection_init`. */
  clientName: ClientName | undefined;
  /** Go on to subgraphs with each operation of the socket. */
  forwardedHeaders: Readonly<Record<string, string>>;
  identity(): Identity;
  /** @returns whether the socket may be used; `false` when it must be closed as forbidden or was closed already */
  authenticate(token: string | undefined): Promise<boolean>;
  /**
   * Goes on with a newer token of the same session. A token of somebody else closes the socket, and so do too many of
   * them.
   * @returns until when it holds; `undefined` when the socket was closed
   * @throws AppError for a token that is no good or of another session: nothing has changed then
   */
  refresh(token: string): Promise<Date | undefined>;
  /** A context for one operation of the socket. */
  context(): GatewayContext;
  send(text: string): void;
  /** Sends one message of two parts: a head of this socket's own, and a body that all sockets share. */
  sendShared(head: Buffer, body: SharedBody): void;
  /**
   * Resolves when so little waits to be written that more may be sent, or when the socket is gone; absent when that is
   * so now.
   */
  writable(): Promise<void> | undefined;
  close(reason: CloseReason): void;
  /** Registers a subscription and tells the client where it starts. */
  opened(id: string, subscription: Subscription): void;
  ended(id: string): void;
  /** Somebody lost rights: checks again when that may be this viewer. */
  revoked(who: Revocation): void;
  /** Anything from the peer proves that it lives. */
  noteActivity(): void;
  /** The socket is gone. */
  dispose(): void;
}

const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;
/** Replay stops here and waits, so that it never uses up what live events may need. */
const LOW_WATER_BYTES = 1024 * 1024;
const DRAIN_POLL_MS = 10;
/** A peer that does not read gets no close frame either. */
const CLOSE_GRACE_MS = 5_000;
/** A client refreshes once per lifetime of a token; each attempt may cost a signature check. */
const REFRESHES = { burst: 10, periodMs: 6_000 };

const CLOSE_AT_END: Readonly<Record<SessionEnd, CloseReason>> = {
  TOKEN_EXPIRED: CLOSE.tokenExpired,
  SESSION_ENDED: CLOSE.sessionEnded,
  UNCONFIRMED: CLOSE.tryAgainLater,
  OTHER_USER: CLOSE.forbidden,
};

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
  const { logger, settings } = ports;
  const subscriptions = new Map<string, { readonly subscription: Subscription; sentCursor: string }>();
  const abort = new AbortController();
  const revalidation = createSessionRevalidation(ports, {
    client,
    onChange() {
      for (const { subscription } of [...subscriptions.values()]) subscription.reconsider();
    },
    onEnd: (why) => close(CLOSE_AT_END[why]),
  });
  const refreshes = createTokenBucket(REFRESHES);
  let closing: NodeJS.Timeout | undefined;
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

  function sendShared(head: Buffer, body: SharedBody): void {
    if (takes(head.length + body.length)) body.writeTo(wire, head);
  }

  async function drained(): Promise<void> {
    while (congested()) await systemSleep(DRAIN_POLL_MS, abort.signal);
  }

  function congested(): boolean {
    return socket.readyState === socket.OPEN && socket.bufferedAmount > LOW_WATER_BYTES;
  }

  function close({ code, reason }: CloseReason): void {
    for (const { subscription } of subscriptions.values()) subscription.stop();
    if (socket.readyState !== socket.OPEN) return;
    socket.close(code, fitting(reason));
    closing = setTimeout(() => socket.terminate(), CLOSE_GRACE_MS);
  }

  function ping(): void {
    if (!alive) {
      socket.terminate();
      return;
    }
    alive = false;
    const cursors = new Map<string, string>();
    for (const [id, followed] of subscriptions) {
      const cursor = followed.subscription.cursor();
      if (cursor === followed.sentCursor) continue;
      followed.sentCursor = cursor;
      cursors.set(id, cursor);
    }
    sendPing(cursors);
    revalidation.confirm();
  }

  function sendPing(cursors: ReadonlyMap<string, string>): void {
    const payload = cursors.size === 0 ? {} : { payload: { tributary: { cursors: Object.fromEntries(cursors) } } };
    send(JSON.stringify({ type: "ping", ...payload }));
  }

  const pinging = setInterval(ping, settings.WS_PING_MS);

  const connection: Connection = {
    client,
    clientName: undefined,
    forwardedHeaders: {},
    identity: revalidation.identity,
    async authenticate(given) {
      try {
        await revalidation.establish(given);
      } catch (error) {
        if (error instanceof AppError && error.expected && error.code !== "RATE_LIMITED") return false;
        logger.warn({ err: error }, "a socket's viewer could not be confirmed");
        close(CLOSE.tryAgainLater);
      }
      const mayStay = principalOf(revalidation.identity()) !== undefined || ports.authenticator === undefined;
      return mayStay && socket.readyState === socket.OPEN;
    },
    async refresh(given) {
      if (!refreshes.take()) {
        close(CLOSE.tooManyRefreshes);
        return undefined;
      }
      const until = await revalidation.refresh(given);
      return socket.readyState === socket.OPEN ? until : undefined;
    },
    context() {
      const trace = newTrace();
      return {
        identity: revalidation.identity(),
        client,
        ...(connection.clientName === undefined ? {} : { clientName: connection.clientName }),
        trace,
        logger: logger.child({ traceId: trace.traceId }),
        forwardedHeaders: connection.forwardedHeaders,
        signal: abort.signal,
      };
    },
    send,
    sendShared,
    writable: () => (congested() ? drained() : undefined),
    close,
    opened(id, subscription) {
      // The socket went while the operation was being prepared: nobody else will end it.
      if (abort.signal.aborted) return subscription.stop();
      const cursor = subscription.cursor();
      subscriptions.set(id, { subscription, sentCursor: cursor });
      sendPing(new Map([[id, cursor]]));
    },
    ended: (id) => void subscriptions.delete(id),
    revoked: revalidation.revoked,
    noteActivity() {
      alive = true;
    },
    dispose() {
      clearInterval(pinging);
      revalidation.dispose();
      clearTimeout(closing);
      abort.abort();
      for (const { subscription } of subscriptions.values()) subscription.stop();
      subscriptions.clear();
    },
  };
  return connection;
}

/** A failed write is followed by the socket's close, which is where it is handled. */
function reportNothing(): void {}
