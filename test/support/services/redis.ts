// One real Redis for tests: no persistence, loopback only, in a temporary folder.
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../ports.ts";
import { waitFor } from "../wait.ts";
import { logEnd, startWatchedChild } from "../watched-child.ts";
import { findProgram } from "./find-program.ts";

export interface RedisOptions {
  /** To come back (empty) at the address of one that was stopped or killed. */
  readonly port?: number;
}

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Idempotent. */
  stop(): Promise<void>;
  /** SIGKILL. Idempotent. */
  kill(): Promise<void>;
}

/** The servers that speak Redis's protocol, in order of preference. */
export const REDIS_PROGRAMS = ["redis-server", "valkey-server"] as const;

/** Starts a server and resolves when it answers PING. Another process may take the port first: three tries. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const program = await findProgram(REDIS_PROGRAMS);
  if (program === undefined)
    throw new Error("Redis is not installed (no redis-server or valkey-server on the search path)");
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(program, options.port ?? (await freePort()));
    } catch (error) {
      if (options.port !== undefined || attempt === 3) throw error;
    }
  }
}

async function startOnce(program: string, port: number): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), "tributary-redis-"));
  const settings = { port: String(port), bind: "127.0.0.1", dir, save: "", appendonly: "no" };
  const programArguments = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
  const server = await startWatchedChild({ program, programArguments, logFile: join(dir, "redis.log"), cwd: dir });
  const remove = () => rm(dir, { recursive: true, force: true });
  try {
    // A server of somebody else could answer at this port: ours must be the one that stays alive.
    const died = server.exited.then(() => Promise.reject(new Error("the server ended")));
    await Promise.race([waitFor(() => answersPing(port), { what: `Redis at 127.0.0.1:${port}` }), died]);
  } catch (error) {
    await server.kill();
    const log = await logEnd(server.logFile);
    await remove();
    throw new Error(`Redis did not start on port ${port}:\n${log}`, { cause: error });
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: server.pid,
    async stop() {
      await server.stop();
      await remove();
    },
    async kill() {
      await server.kill();
      await remove();
    },
  };
}

/** Whether a server at this loopback port answers PING. */
async function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.setTimeout(1000, () => socket.destroy());
    socket.once("data", (data) => {
      resolve(data.toString().startsWith("+PONG"));
      socket.destroy();
    });
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
}
