// Frames are read by a client of the real thing.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Writable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { createBodies, type SharedBody } from "../../../../../gateway/live/socket/frames.ts";

let server: WebSocketServer;

beforeAll(async () => {
  server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  await once(server, "listening");
});

afterAll(() => void server.close());

/** What a client reads of the first message. */
async function read(head: string, body: SharedBody): Promise<string> {
  server.once("connection", (_, { socket }) => body.writeTo(socket, Buffer.from(head)));
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [data, isBinary] = await once(client, "message");
  client.terminate();
  return isBinary ? "binary" : String(data);
}

test.each([0, 1, 60, 113, 114, 115, 200, 16_383, 16_384, 65_523, 65_524, 65_525, 70_000])(
  "a frame around %i bytes reads as one text message",
  async (size) => {
    const text = `"${"x".repeat(size)}"`;
    expect(await read('{"payload":', createBodies()(text))).toBe(`{"payload":${text}}`);
  },
);

test.each([1, 36, 80, 81, 82, 83, 84, 256])("an id of %i characters stands before the shared text", async (size) => {
  const head = `{"id":"${"i".repeat(size)}","type":"next","payload":`;
  expect(await read(head, createBodies()('{"data":1}'))).toBe(`${head}{"data":1}}`);
});

test("text beyond ASCII is counted in bytes", async () => {
  const text = JSON.stringify("żółć 🦆".repeat(20));
  expect(await read('{"id":"ś","payload":', createBodies()(text))).toBe(`{"id":"ś","payload":${text}}`);
});

test("the same payload is encoded once, another one anew", () => {
  const bodyOf = createBodies();
  const first = bodyOf('{"data":1}');
  expect(bodyOf('{"data":1}')).toBe(first);
  expect(bodyOf('{"data":22}').length).toBe(first.length + 1);
  expect(bodyOf("").length).toBe(1);
});

/** A wire that takes nothing until it is opened. */
function closedWire() {
  const taken: Buffer[] = [];
  let open = false;
  let waiting: (() => void) | undefined;
  const wire = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const take = () => {
        // Copied when it is taken, as a system call would.
        taken.push(Buffer.from(chunk));
        done();
      };
      if (open) take();
      else waiting = take;
    },
  });
  const text = async () => {
    open = true;
    waiting?.();
    await new Promise((resolve) => wire.end(resolve));
    return Buffer.concat(taken).toString("utf8");
  };
  return { wire, text };
}

test("what waits in one wire is not touched by the heads of others", async () => {
  const body = createBodies()('{"data":1}');
  const wires = [closedWire(), closedWire(), closedWire()];
  for (const round of [1, 2]) {
    for (const [index, { wire }] of wires.entries())
      body.writeTo(wire, Buffer.from(`{"id":"${index}-${round}","payload":`));
  }
  const texts = await Promise.all(wires.map(({ text }) => text()));
  expect(texts.map((text) => text.match(/\{"id.*?\}\}/gs))).toEqual(
    [0, 1, 2].map((index) => [1, 2].map((round) => `{"id":"${index}-${round}","payload":{"data":1}}`)),
  );
});
