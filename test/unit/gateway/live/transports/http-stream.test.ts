// A streaming answer over a real connection whose reader does not read.
import { createServer, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { STREAM_FORMATS } from "../../../../../gateway/live/transports/format.ts";
import { openHttpStream } from "../../../../../gateway/live/transports/http-stream.ts";
import { waitFor } from "../../../../support/wait.ts";

const CHUNK = 256 * 1024;

async function unreadAnswer() {
  let response: ServerResponse | undefined;
  const server = createServer((_, answering) => {
    response = answering;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const socket = connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
  socket.pause();
  socket.on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const taken = await waitFor(() => response, { what: "the request" });
  return {
    response: taken,
    close() {
      socket.destroy();
      server.close();
    },
  };
}

test("what a slow reader leaves waiting is bounded, and the stream ends with the last cursor it was given", async () => {
  const { response, close } = await unreadAnswer();
  let slow = 0;
  let over = 0;
  const stream = openHttpStream({
    response,
    format: STREAM_FORMATS.sse,
    heartbeatMs: 60_000,
    onHeartbeat: () => undefined,
    onSlow() {
      slow += 1;
      stream.fail("[]");
    },
    onOver() {
      over += 1;
    },
  });
  let sent = 0;
  while (stream.open && sent < 1_000) {
    const cursor = `c${sent + 1}`;
    stream.next(`{"data":"${"x".repeat(CHUNK)}","extensions":{"tributary":{"cursor":"${cursor}"}}}`);
    if (stream.open) sent += 1;
  }
  expect({ slow, over, told: stream.sentCursor }).toEqual({ slow: 1, over: 1, told: `c${sent}` });
  expect(response.writableLength).toBeLessThan(4 * 1024 * 1024 + CHUNK);
  expect(stream.writable()).toBeUndefined();
  close();
  await stream.closed;
});

test("replay waits while much waits to be read, and a reader who takes nothing for two heartbeats is cut off", async () => {
  const { response, close } = await unreadAnswer();
  let over = 0;
  const stream = openHttpStream({
    response,
    format: STREAM_FORMATS.sse,
    heartbeatMs: 100,
    onHeartbeat: () => undefined,
    onSlow: () => undefined,
    onOver() {
      over += 1;
    },
  });
  // Past what the kernel takes over.
  await waitFor(
    () => {
      if (response.writableLength < 3 * 1024 * 1024) stream.next("x".repeat(CHUNK));
      else return true;
      return false;
    },
    { what: "a full buffer", intervalMs: 1 },
  );
  const waiting = stream.writable();
  expect(waiting).toBeInstanceOf(Promise);
  await stream.closed;
  await waiting;
  expect({ over, open: stream.open }).toEqual({ over: 1, open: false });
  close();
});
