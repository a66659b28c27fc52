/** Ports of the loopback interface that nobody listens on at the moment of asking. */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Below the ports that systems take for outgoing connections (Linux: from 32768 on): between asking and listening, and
 * while a server restarts, no connection gets one in passing. Each process asks within a part of its own.
 */
const FIRST = 10_000;
const PARTS = 220;
const PART = 100;
const begin = FIRST + (process.pid % PARTS) * PART;
let asked = randomInt(PART);

export interface HeldPort {
  readonly port: number;
  release(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const held = await holdPort();
  await held.release();
  return held.port;
}

/** Listens on a free port until it is released. */
export async function holdPort(): Promise<HeldPort> {
  for (let tries = 0; tries < PART; tries += 1) {
    asked += 1;
    const held = await listen(begin + (asked % PART));
    if (held !== undefined) return held;
  }
  const any = await listen(0);
  if (any === undefined) throw new Error("no free port on 127.0.0.1");
  return any;
}

export async function isPortFree(port: number): Promise<boolean> {
  const held = await listen(port);
  await held?.release();
  return held !== undefined;
}

function listen(wanted: number): Promise<HeldPort | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : wanted;
      resolve({ port, release: () => new Promise((released) => server.close(() => released())) });
    });
  });
}
