// Frames are read by a client of the real thing.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { createBodies, textFrame } from "../../../../../gateway/live/socket/frames.ts";

let server: WebSocketServer;

beforeAll(async () => {
  server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  await once(server, "listening");
});

afterAll(() => void server.close());

/** What a client reads. */
async function read(pieces: readonly Buffer[]): Promise<string> {
  server.once("connection", (_, { socket }) => {
    for (const piece of pieces) socket.write(piece);
  });
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [data, isBinary] = await once(client, "message");
  client.terminate();
  return isBinary ? "binary" : String(data);
}

test.each([0, 1, 60, 113, 114, 115, 200, 16_383, 16_384, 65_523, 65_524, 65_525, 70_000])(
  "a frame around %i bytes reads as one text message",
  async (size) => {
    const head = Buffer.from('{"payload":');
    const text = `"${"x".repeat(size)}"`;
    expect(await read(textFrame(head, createBodies()(text)))).toBe(`{"payload":${text}}`);
  },
);

test("text beyond ASCII is counted in bytes", async () => {
  const text = JSON.stringify("żółć 🦆".repeat(20));
  expect(await read(textFrame(Buffer.from('{"id":"ś","payload":'), createBodies()(text)))).toBe(
    `{"id":"ś","payload":${text}}`,
  );
});

test("the same payload is encoded once, another one anew", () => {
  const bodyOf = createBodies();
  const first = bodyOf('{"data":1}');
  expect(bodyOf('{"data":1}')).toBe(first);
  expect(String(bodyOf('{"data":2}'))).toBe('{"data":2}}');
  expect(String(bodyOf(""))).toBe("}");
});
