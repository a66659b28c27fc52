/**
 * Live streams that lose no event: every stream resumes behind the last event that its handler processed, drops what
 * arrives twice, and says so when the server cannot resume. Needs no React. The protocol is in
 * gateway/live/PROTOCOL.md.
 */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { type DocumentNode, type FormattedExecutionResult, parse, print } from "graphql";
import { backoffMs } from "./backoff.ts";
import { type CursorStore, createMemoryCursorStore } from "./cursor-store.ts";
import { cursorOf, cursorsOfPing, type Delivery, deliveryOf, eventIdOf, failureOf } from "./live-messages.ts";
import { createLiveSocket, type LiveSocketOptions, type SocketState } from "./live-socket.ts";
import { nameDocument } from "./named-document.ts";
import { asksForSnapshot } from "./snapshot-request.ts";

/** `catching-up`: connected again, and what was missed is still arriving. */
export type LiveStatus = "idle" | "connecting" | "live" | "catching-up" | "reconnecting";

export interface LiveRequest<Data, Variables> {
  readonly document: TypedDocumentNode<Data, Variables> | string;
  readonly variables: Variables;
  /**
   * Names the stream in the cursor store: the same name continues where the last one ended. What follows a live field
   * in its own way needs a name of its own.
   */
  readonly stream: string;
  /**
   * Continue behind the cursor that is stored under the name. Default: true, but false for a document that asks for a
   * snapshot: a follower that begins knows no state, and events alone would not bring it.
   */
  readonly continues?: boolean;
}

export interface LiveHandlers<Data> {
  /** Called once per event, in order. Its return means "processed": after a drop the stream goes on behind it. */
  next(result: FormattedExecutionResult<Data & Record<string, unknown>>, delivery: Delivery): void;
  /**
   * From here on nothing can be missed: the stream stands at a known position. What was fetched before a stream without
   * a cursor began may be older than that: fetch it again. Not called where the stream itself begins with a snapshot.
   */
  onPosition?(): void;
  /**
   * The server cannot resume: fetch the current state. The stream begins anew, without a cursor, when this settled;
   * where the document asks for a snapshot, it brings the state itself and nothing need be done here.
   */
  onResync?(reason: string): Promise<void> | void;
  /** The stream is over for good, e.g. for want of permission. */
  onEnd?(problem: { readonly code: string; readonly message: string }): void;
}

export interface LiveClient {
  /** Starts a stream. Returns the function that ends it. */
  subscribe<Data, Variables extends Record<string, unknown>>(
    request: LiveRequest<Data, Variables>,
    handlers: LiveHandlers<Data>,
  ): () => void;
  status(): LiveStatus;
  onStatus(listener: (status: LiveStatus) => void): () => void;
  /** Drops the connection, because the network is gone or somebody else signed in. Streams go on over the next one. */
  disconnect(): void;
  /** Ends a pause between two attempts: the network is back. */
  reconnect(): void;
  dispose(): void;
}

export interface LiveClientOptions extends Pick<LiveSocketOptions, "url" | "token" | "params" | "webSocketImpl"> {
  readonly cursors?: CursorStore;
  /**
   * SHA-256 of a document's printed text, to be sent instead of that while the gateway knows it; default: texts are
   * sent.
   */
  readonly documentId?: (document: DocumentNode) => string | undefined;
  readonly keepAliveMs?: number;
  readonly pongTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
}

/** Event ids that a stream remembers. A resume repeats at most what was under way. */
const REMEMBERED = 1_000;
/** A stream that delivers nothing for this long after a resume has caught up, in milliseconds. */
const QUIET_MS = 500;

export function createLiveClient({ cursors = createMemoryCursorStore(), ...options }: LiveClientOptions): LiveClient {
  const listeners = new Set<(status: LiveStatus) => void>();
  const idOfPayload = new WeakMap<object, string>();
  const pinged = new Map<string, (cursor: string) => void>();
  let status: LiveStatus = "idle";
  let wasConnected = false;
  let refused = false;
  let quiet: ReturnType<typeof setTimeout> | undefined;
  let lastId = 0;

  const setStatus = (next: LiveStatus): void => {
    if (status === next) return;
    status = next;
    for (const listener of listeners) listener(next);
  };

  const awaitQuiet = (): void => {
    clearTimeout(quiet);
    quiet = setTimeout(() => setStatus("live"), QUIET_MS);
  };

  const onState = (state: SocketState): void => {
    if (state !== "connected") clearTimeout(quiet);
    if (state === "connecting" || state === "disconnected") setStatus(wasConnected ? "reconnecting" : "connecting");
    if (state === "idle") setStatus("idle");
    if (state !== "connected") return;
    setStatus(wasConnected ? "catching-up" : "live");
    if (wasConnected) awaitQuiet();
    wasConnected = true;
  };

  const socket = createLiveSocket({
    ...options,
    async token({ refused: bySocket }) {
      const token = await options.token({ refused: bySocket || refused });
      refused = false;
      return token;
    },
    onState,
    onPing(payload) {
      for (const [id, cursor] of cursorsOfPing(payload)) pinged.get(id)?.(cursor);
    },
    generateId: (payload) => idOfPayload.get(payload) ?? crypto.randomUUID(),
  });

  function subscribe<Data, Variables extends Record<string, unknown>>(
    request: LiveRequest<Data, Variables>,
    handlers: LiveHandlers<Data>,
  ): () => void {
    const { document, variables, stream } = request;
    const parsed = typeof document === "string" ? parse(document) : document;
    const named = nameDocument(typeof document === "string" ? document : print(document), options.documentId?.(parsed));
    const withSnapshot = asksForSnapshot(parsed, variables);
    const { continues = !withSnapshot } = request;
    // Its own, beside the store: two streams of the same name at the same time must not skip what only the other one
    // processed.
    let position = continues ? cursors.get(stream) : undefined;
    const seen = new Set<string>();
    let ended = false;
    let stop = (): void => {};
    let pause: ReturnType<typeof setTimeout> | undefined;
    let attempt = 0;

    const moveTo = (cursor: string): void => {
      const begins = position === undefined;
      position = cursor;
      cursors.set(stream, cursor);
      if (begins && !withSnapshot) handlers.onPosition?.();
    };

    const process = (result: FormattedExecutionResult<Data & Record<string, unknown>>): void => {
      attempt = 0;
      if (status === "catching-up") awaitQuiet();
      const eventId = eventIdOf(result);
      if (eventId === undefined || !seen.has(eventId)) {
        handlers.next(result, deliveryOf(result));
        if (eventId !== undefined) remember(seen, eventId);
      }
      const cursor = cursorOf(result);
      if (cursor !== undefined) moveTo(cursor);
    };

    const startLater = (): void => {
      pause = setTimeout(start, backoffMs(attempt));
      attempt += 1;
    };

    const onFailure = async (error: unknown): Promise<void> => {
      if (ended) return;
      const failure = failureOf(error);
      if (failure.kind === "unnamed" && named.answered(failure.code)) return start();
      if (failure.kind === "final" || failure.kind === "unnamed") {
        ended = true;
        handlers.onEnd?.(failure);
        return;
      }
      if (failure.kind === "unauthenticated") {
        refused = true;
        socket.cut();
      }
      if (failure.kind === "resync") {
        position = undefined;
        cursors.delete(stream);
        try {
          await handlers.onResync?.(failure.reason);
        } catch {
          // The stream begins anew all the same; `onPosition` asks for the state again.
        }
      }
      if (!ended) startLater();
    };

    function start(): void {
      lastId += 1;
      const id = String(lastId);
      const payload = {
        get query() {
          return named.request().query;
        },
        variables,
        // Read anew by graphql-ws whenever it sends the message, so that every reconnect resumes behind the last event.
        get extensions() {
          return {
            ...named.request().extensions,
            ...(position === undefined ? {} : { tributary: { resume: position } }),
          };
        },
      };
      idOfPayload.set(payload, id);
      pinged.set(id, moveTo);
      const release = socket.client.subscribe<Data & Record<string, unknown>>(payload, {
        next: process,
        error(error) {
          pinged.delete(id);
          void onFailure(error);
        },
        complete() {
          pinged.delete(id);
          // Nobody asked for it: the server let go of the stream, e.g. because it stops.
          if (!ended) startLater();
        },
      });
      stop = () => {
        pinged.delete(id);
        release();
      };
    }

    start();
    return () => {
      ended = true;
      clearTimeout(pause);
      stop();
    };
  }

  return {
    subscribe,
    status: () => status,
    onStatus(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    disconnect: () => socket.cut(),
    reconnect: () => socket.wake(),
    dispose() {
      clearTimeout(quiet);
      socket.dispose();
      listeners.clear();
    },
  };
}

function remember(seen: Set<string>, eventId: string): void {
  seen.add(eventId);
  const [oldest] = seen;
  if (seen.size > REMEMBERED && oldest !== undefined) seen.delete(oldest);
}
