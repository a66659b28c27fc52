// A subscriber that costs little: it looks for a number in the text instead of parsing it, because generator and server
// share the machine. Notes what it got, what came twice and what came late.
import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";

export interface StreamRequest {
  readonly url: string;
  /** Absent: the server speaks no protocol and sends by itself. */
  readonly operation?: { readonly query: string; readonly variables: Readonly<Record<string, string>> };
  readonly token?: string;
  /** Resume behind it. */
  readonly resume?: string | undefined;
  /** The server says where the stream starts: wait for it. */
  readonly announced: boolean;
  /** With the cursor behind the frame. */
  readonly onFrame?: (sequence: number, text: string, cursor: string | undefined) => void;
  /**
   * Given, an end that comes from the other side once the stream is placed is told here, and is no problem of the
   * stream.
   */
  readonly onClose?: (close: StreamClose) => void;
}

export interface StreamClose {
  /** 1006: the connection was lost without a close frame. */
  readonly code: number;
  readonly reason: string;
}

export interface Stream {
  /** Cursor behind everything that came. */
  readonly cursor: string | undefined;
  /** Errors, unexpected messages, and an end that nobody asked for. */
  readonly problems: readonly string[];
  /** The end came from the other side. */
  readonly closedUnasked: boolean;
  /** Goes without a word, as one who loses the network. */
  drop(): void;
}

const SEQUENCE = '"sequence":"';
const CURSOR = '"cursor":"';

/** Resolves when the stream is placed (announced) or asked for. @throws Error when it is refused */
export async function openStream(request: StreamRequest): Promise<Stream> {
  const { url, operation, token, resume, announced, onFrame, onClose } = request;
  const protocols = operation === undefined ? [] : ["graphql-transport-ws"];
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false, skipUTF8Validation: true });
  const id = randomUUID();
  const problems: string[] = [];
  const placed = Promise.withResolvers<void>();
  let cursor = resume;
  let leaving = false;
  let following = false;
  let closedUnasked = false;
  const send = (message: unknown) => socket.send(JSON.stringify(message));

  function subscribe(): void {
    const extensions = resume === undefined ? {} : { extensions: { tributary: { resume } } };
    send({ id, type: "subscribe", payload: { ...operation, ...extensions } });
    if (!announced) placed.resolve();
  }

  function control(text: string): void {
    const { type, payload } = JSON.parse(text);
    if (type === "connection_ack") subscribe();
    else if (type === "ping") {
      cursor = payload?.tributary?.cursors?.[id] ?? cursor;
      send({ type: "pong" });
      if (payload !== undefined) placed.resolve();
    } else if (type !== "pong") {
      problems.push(text.slice(0, 300));
      placed.reject(new Error(text));
    }
  }

  socket.on("open", () => {
    if (operation === undefined) return placed.resolve();
    send({ type: "connection_init", payload: token === undefined ? {} : { Authorization: `Bearer ${token}` } });
  });
  socket.on("message", (data) => {
    if (leaving) return;
    const text = String(data);
    const at = text.indexOf(SEQUENCE);
    if (at < 0 || text.includes('"errors":')) return control(text);
    const sequence = Number.parseInt(text.slice(at + SEQUENCE.length, at + SEQUENCE.length + 20), 10);
    const mark = text.lastIndexOf(CURSOR);
    if (mark > 0) cursor = text.slice(mark + CURSOR.length, text.indexOf('"', mark + CURSOR.length));
    onFrame?.(sequence, text, cursor);
  });
  const failures: string[] = onClose === undefined ? problems : [];
  socket.on("error", (error) => leaving || failures.push(String(error)));
  socket.on("close", (code, reason) => {
    if (leaving) return;
    closedUnasked = true;
    failures.push(`closed ${code} ${String(reason)}`);
    placed.reject(new Error(failures.join("; ")));
    if (following) onClose?.({ code, reason: String(reason) });
  });
  try {
    await placed.promise;
  } catch (error) {
    leaving = true;
    socket.terminate();
    throw error;
  }
  following = true;
  return {
    get cursor() {
      return cursor;
    },
    problems,
    get closedUnasked() {
      return closedUnasked;
    },
    drop() {
      leaving = true;
      socket.terminate();
    },
  };
}

/** Opens many, some at a time: a listening socket's queue is finite. */
export async function openStreams(requests: readonly StreamRequest[], atOnce = 100): Promise<Stream[]> {
  const streams: Stream[] = [];
  for (let from = 0; from < requests.length; from += atOnce) {
    streams.push(...(await Promise.all(requests.slice(from, from + atOnce).map(openStream))));
  }
  return streams;
}
