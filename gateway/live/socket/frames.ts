/**
 * Text frames for many sockets: what all of them are sent is encoded once and shared; only a frame's head is a socket's own. They
 * are written past ws, which would take a string or a copy per socket. Correct because ws holds nothing back: sockets have no
 * compression, and nobody sends them blobs.
 */

const TEXT = 0x81;

/** Encodes the text of a payload; the same text again, as every follower of a stream brings it, costs nothing. */
export function createBodies(): (payload: string) => Buffer {
  let last = "";
  let body = Buffer.from("}");
  return (payload) => {
    if (payload !== last) {
      last = payload;
      body = Buffer.from(`${payload}}`);
    }
    return body;
  };
}

/** The pieces of one unmasked text frame of the message `head` + `body`; the second one is `body` itself: a copy is garbage. */
export function textFrame(head: Buffer, body: Buffer): readonly Buffer[] {
  const length = head.length + body.length;
  const start = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + head.length);
  frame[0] = TEXT;
  if (start === 2) frame[1] = length;
  else if (start === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
  head.copy(frame, start);
  return [frame, body];
}
