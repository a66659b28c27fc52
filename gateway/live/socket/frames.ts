/**
 * Text frames for many sockets: what all of them are sent is encoded once and shared; only a frame's head is a socket's
 * own, and is put in front of the shared text for as long as its write takes. They are written past ws, which would
 * take a string or a copy per socket. Correct because ws holds nothing back: sockets have no compression, and nobody
 * sends them blobs.
 */
import type { Writable } from "node:stream";

/** The shared end of a message: everything behind a head of a socket's own. */
export interface SharedBody {
  /** In bytes. */
  readonly length: number;
  /** Writes `head` and the body as one unmasked text frame. */
  writeTo(wire: Writable, head: Buffer): void;
}

const TEXT = 0x81;
/** The longest start of a frame, and a head with an id of usual length. Longer ones are written in two pieces. */
const HEADROOM = 10 + 118;

/** Encodes the text of a payload; the same text again, as every follower of a stream brings it, costs nothing. */
export function createBodies(): (payload: string) => SharedBody {
  let last = "";
  let body = sharedBody("}");
  return (payload) => {
    if (payload !== last) {
      last = payload;
      body = sharedBody(`${payload}}`);
    }
    return body;
  };
}

function sharedBody(text: string): SharedBody {
  const length = Buffer.byteLength(text);
  let bytes = Buffer.allocUnsafeSlow(HEADROOM + length);
  bytes.write(text, HEADROOM);

  return {
    length,
    writeTo(wire, head) {
      const start = startOf(head.length + length);
      const before = start + head.length;
      // What waits in the wire is read later: it cannot stand where the next socket's head will.
      if (wire.writableLength > 0 || before > HEADROOM) {
        const own = Buffer.allocUnsafe(before);
        writeStart(own, 0, head.length + length);
        head.copy(own, start);
        wire.cork();
        wire.write(own);
        wire.write(bytes.subarray(HEADROOM));
        wire.uncork();
        return;
      }
      const from = HEADROOM - before;
      writeStart(bytes, from, head.length + length);
      head.copy(bytes, from + start);
      wire.write(bytes.subarray(from));
      // Not all of it was taken: the rest is the wire's now.
      if (wire.writableLength > 0) bytes = Buffer.from(bytes);
    },
  };
}

/** Bytes of a frame before its payload (RFC 6455, section 5.2). */
function startOf(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

function writeStart(into: Buffer, at: number, length: number): void {
  into[at] = TEXT;
  if (length < 126) into[at + 1] = length;
  else if (length < 65_536) {
    into[at + 1] = 126;
    into.writeUInt16BE(length, at + 2);
  } else {
    into[at + 1] = 127;
    into.writeUInt32BE(0, at + 2);
    into.writeUInt32BE(length, at + 6);
  }
}
