// One kept connection that asks, counts the bytes of the answer and keeps none of them: the client shares the machine
// with what it measures.
import { connect } from "node:net";

export interface Answered {
  /** `undefined`: the connection broke before the answer was whole. */
  readonly status: number | undefined;
  /** Of the body. */
  readonly bytes: number;
}

export interface CountingConnection {
  /**
   * One at a time. Never rejects: a broken connection is told as an answer without a status, and opened anew for the
   * next question.
   */
  ask(request: string): Promise<Answered>;
  close(): void;
}

const READ_BYTES = 131_072;
/** Longer heads are no answers of the servers that are measured here. */
const MAX_HEAD_BYTES = 16_384;
const END_OF_HEAD = "\r\n\r\n";

/** @param url whose host and port are used; answers must tell their `content-length` */
export function createCountingConnection(url: string): CountingConnection {
  const { hostname, port } = new URL(url);
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let socket: ReturnType<typeof connect> | undefined;
  let waiting: ((answered: Answered) => void) | undefined;
  let head = "";
  let status: number | undefined;
  let length = 0;
  let bytes = 0;

  function settle(answered: Answered): void {
    const resolve = waiting;
    waiting = undefined;
    resolve?.(answered);
  }

  function broken(): void {
    socket?.destroy();
    socket = undefined;
    settle({ status: undefined, bytes });
  }

  function take(count: number): void {
    let begin = 0;
    if (status === undefined) {
      // Heads are ASCII: one character is one byte.
      const before = head.length;
      head += buffer.toString("latin1", 0, Math.min(count, MAX_HEAD_BYTES));
      const end = head.indexOf(END_OF_HEAD);
      if (end === -1) {
        if (head.length >= MAX_HEAD_BYTES) broken();
        return;
      }
      const text = head.slice(0, end);
      const contentLength = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
      if (contentLength === undefined) {
        broken();
        return;
      }
      status = Number(text.slice(9, 12));
      length = Number(contentLength);
      begin = end + END_OF_HEAD.length - before;
    }
    bytes += count - begin;
    if (bytes >= length) settle({ status, bytes });
  }

  function open() {
    const opened = connect({
      host: hostname,
      port: Number(port),
      noDelay: true,
      onread: {
        buffer,
        callback(count) {
          take(count);
          return true;
        },
      },
    });
    const over = () => {
      if (socket === opened) broken();
    };
    opened.on("error", over);
    opened.on("close", over);
    return opened;
  }

  return {
    ask(request) {
      socket ??= open();
      head = "";
      status = undefined;
      length = 0;
      bytes = 0;
      const { promise, resolve } = Promise.withResolvers<Answered>();
      waiting = resolve;
      socket.write(request, "latin1");
      return promise;
    },
    close() {
      socket?.destroy();
      socket = undefined;
    },
  };
}
