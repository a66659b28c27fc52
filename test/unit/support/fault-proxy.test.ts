import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFaultProxy, type FaultProxy } from "../../support/fault-proxy.ts";
import { waitFor } from "../../support/wait.ts";

let target: Server;
let targetSockets: Socket[];
let targetReceived: string;
let proxy: FaultProxy;

beforeEach(async () => {
  targetSockets = [];
  targetReceived = "";
  target = createServer((socket) => {
    targetSockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (data) => {
      targetReceived += data.toString();
      socket.write(data);
    });
  });
  target.listen(0, "127.0.0.1");
  await once(target, "listening");
  const address = target.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  proxy = await createFaultProxy({ target: { host: "127.0.0.1", port: address.port } });
});

afterEach(async () => {
  await proxy.stop();
  for (const socket of targetSockets) socket.destroy();
  target.close();
});

interface Client {
  readonly socket: Socket;
  received(): string;
  /** The error code with which the connection ended, "end" for an orderly end. */
  readonly ended: Promise<string>;
}

function client(): Client {
  const socket = connect(proxy.port, "127.0.0.1");
  let text = "";
  let end = "end";
  socket.on("data", (data) => {
    text += data.toString();
  });
  socket.on("error", (error) => {
    end = "code" in error ? String(error.code) : error.message;
  });
  const ended = new Promise<string>((resolve) => socket.once("close", () => resolve(end)));
  return { socket, received: () => text, ended };
}

async function connected(): Promise<Client> {
  const opened = client();
  await echo(opened, "hello");
  return opened;
}

async function echo(through: Client, text: string): Promise<void> {
  const before = through.received().length;
  through.socket.write(text);
  await waitFor(() => through.received().slice(before) === text, { what: `the echo of "${text}"` });
}

test("passing forwards both ways, counts connections and ends them in order", async () => {
  const first = await connected();
  expect(proxy.connections).toBe(1);
  first.socket.end();
  await expect(first.ended).resolves.toBe("end");
  await waitFor(() => proxy.connections === 0, { what: "the proxy to forget the connection" });
  expect(proxy.accepted).toBe(1);
});

test("a large transfer arrives whole through backpressure", async () => {
  const first = await connected();
  const size = 24 * 1024 * 1024;
  first.socket.write(Buffer.alloc(size, "x"));
  await waitFor(() => first.received().length === size + 5, { what: "all bytes back" });
});

test("refusing resets what is open, refuses what is new, and passing again takes the same port", async () => {
  const first = await connected();
  await proxy.mode("refuse");
  await expect(first.ended).resolves.toBe("ECONNRESET");
  await expect(client().ended).resolves.toBe("ECONNREFUSED");
  await proxy.mode("pass");
  await connected();
});

test("resetting resets open and new connections", async () => {
  const first = await connected();
  await proxy.mode("reset");
  await expect(first.ended).resolves.toBe("ECONNRESET");
  await expect(client().ended).resolves.toBe("ECONNRESET");
});

test("a black hole accepts and swallows; connections that lost bytes are reset when it ends", async () => {
  const old = await connected();
  const untouched = await connected();
  await proxy.mode("black-hole");
  const fresh = client();
  await once(fresh.socket, "connect");
  fresh.socket.write("lost");
  old.socket.write("lost");
  await waitFor(() => proxy.swallowedBytes === 8, { what: "both writes to vanish" });
  expect(old.socket.destroyed || fresh.socket.destroyed).toBe(false);
  await proxy.mode("pass");
  await expect(old.ended).resolves.toBe("ECONNRESET");
  await expect(fresh.ended).resolves.toBe("ECONNRESET");
  expect(targetReceived).toBe("hellohello");
  await echo(untouched, "still whole");
});

test("half open delivers the client's bytes and loses the target's answers and its end", async () => {
  const first = await connected();
  await proxy.mode("half-open");
  first.socket.write(" one way");
  await waitFor(() => targetReceived === "hello one way", { what: "the bytes to reach the target" });
  for (const socket of targetSockets) socket.end();
  await once(targetSockets[0] ?? expect.unreachable(), "finish");
  expect(first.received()).toBe("hello");
  expect(first.socket.readyState).toBe("open");
});

test("a delay holds every chunk back and keeps the order", async () => {
  const first = await connected();
  await proxy.mode({ delayMs: 150 });
  const since = performance.now();
  first.socket.write("a");
  await waitFor(() => targetReceived.endsWith("a"), { what: "the first byte" });
  first.socket.write("b");
  await waitFor(() => first.received() === "helloab", { what: "both echoes" });
  // a → 150 ms; b → 150 ms after that; its echo 150 ms later. Timers may fire 1 ms early.
  expect(performance.now() - since).toBeGreaterThan(440);
});

test("a throttle limits the rate", async () => {
  const first = await connected();
  await proxy.mode({ bytesPerSecond: 20_000 });
  const since = performance.now();
  first.socket.write(Buffer.alloc(10_000, "x"));
  await waitFor(() => targetReceived.length === 10_005, { what: "10,000 bytes at 20,000 a second" });
  expect(performance.now() - since).toBeGreaterThan(400);
});

test("stopping resets what is open and frees the port", async () => {
  const first = await connected();
  await proxy.stop();
  await expect(first.ended).resolves.toBe("ECONNRESET");
  await expect(client().ended).resolves.toBe("ECONNREFUSED");
  await proxy.stop();
});

test("a target that is not there resets the client", async () => {
  await new Promise((resolve) => target.close(resolve));
  await expect(client().ended).resolves.toBe("ECONNRESET");
});
