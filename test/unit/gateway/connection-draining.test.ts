import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { type FastifyInstance, fastify } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ConnectionDraining, drainConnections } from "../../../gateway/http/connection-draining.ts";
import type { Lifecycle } from "../../../platform/lifecycle/lifecycle.ts";
import { waitFor, waitWithin } from "../../support/wait.ts";

const NOTICE_MS = 2_000;
let server: FastifyInstance;
let lifecycle: { phase: Lifecycle["phase"] };
let draining: ConnectionDraining;
let port: number;

beforeEach(async () => {
  server = fastify();
  lifecycle = { phase: "running" };
  draining = drainConnections(server, lifecycle, NOTICE_MS);
  server.get("/", async () => "here");
  port = Number(new URL(await server.listen({ host: "127.0.0.1", port: 0 })).port);
});
afterEach(() => server.close());

async function ask(agent: Agent): Promise<IncomingMessage> {
  const [answer] = await once(get({ agent, host: "127.0.0.1", port }), "response");
  answer.resume();
  await once(answer, "end");
  return answer;
}

test("a stopping gateway's answer takes its kept-alive connection along [OP-01]", async () => {
  const agent = new Agent({ keepAlive: true });
  try {
    expect((await ask(agent)).headers.connection).toBe("keep-alive");
    lifecycle.phase = "draining";
    const left = draining.allClosed(60_000);
    const answer = await ask(agent);
    expect([answer.statusCode, answer.headers.connection]).toEqual([200, "close"]);
    await left;
  } finally {
    agent.destroy();
  }
});

test("a client that does as it is told leaves an idle connection before a stop would close it [OP-01]", async () => {
  // Node listens to what servers announce where a time is set.
  const agent = new Agent({ keepAlive: true, timeout: 60_000 });
  try {
    expect((await ask(agent)).headers["keep-alive"]).toBe("timeout=2");
    const idle = () => Object.values(agent.freeSockets).flat().length;
    expect(idle()).toBe(1);
    // It leaves a second earlier than it is told.
    await waitWithin(NOTICE_MS, () => idle() === 0, { what: "the client to leave" });
  } finally {
    agent.destroy();
  }
});

test("where a stop waits for less than two seconds nothing is said of connections", async () => {
  const brief = fastify();
  drainConnections(brief, lifecycle, 100);
  brief.get("/", async () => "here");
  try {
    expect((await brief.inject("/")).headers["keep-alive"]).toBeUndefined();
  } finally {
    await brief.close();
  }
});

test("nobody is waited for where nobody is connected, nor for longer than the notice", async () => {
  await draining.allClosed(60_000);
  const idle = connect(port, "127.0.0.1");
  await once(idle, "connect");
  await waitFor(() => new Promise((resolve) => server.server.getConnections((_, count) => resolve(count > 0))), {
    what: "the connection to be taken",
  });
  const begun = performance.now();
  await draining.allClosed(100);
  expect(performance.now() - begun).toBeGreaterThanOrEqual(95);
  idle.destroy();
});
