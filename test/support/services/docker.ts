// A service from deploy/compose.yaml in a Compose project of its own, on a free port. Compose runs attached and
// watched: when the test run ends in whatever way it gets SIGTERM and stops the containers.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort } from "../ports.ts";
import { waitFor } from "../wait.ts";
import { logEnd, startWatchedChild } from "../watched-child.ts";
import type { ServiceName } from "./plan.ts";

const run = promisify(execFile);
const COMPOSE_FILE = fileURLToPath(new URL("../../../deploy/compose.yaml", import.meta.url));
/** Images may have to be downloaded first. */
const START_DEADLINE_MS = 300_000;

export type ComposeService = Exclude<ServiceName, "chromium">;

const ADDRESSES: Readonly<Record<ComposeService, (port: number) => string>> = {
  postgres: (port) => `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`,
  redis: (port) => `redis://127.0.0.1:${port}`,
  kafka: (port) => `127.0.0.1:${port}`,
};

/** Resolves when the service's health check passes. `stop` removes its container and its data. */
export async function startInDocker(service: ComposeService): Promise<{ address: string; stop: () => Promise<void> }> {
  const port = await freePort();
  const project = `tributary-test-${randomBytes(4).toString("hex")}`;
  const dir = await mkdtemp(join(tmpdir(), "tributary-docker-"));
  const env = {
    ...process.env,
    NODE_OPTIONS: undefined,
    TRIBUTARY_POSTGRES_PASSWORD: "postgres",
    [`TRIBUTARY_${service.toUpperCase()}_PORT`]: String(port),
  };
  const compose = ["compose", "--file", COMPOSE_FILE, "--project-name", project];
  const up = await startWatchedChild({
    program: "docker",
    programArguments: [...compose, "up", "--timeout", "2", service],
    logFile: join(dir, "compose.log"),
    env,
    graceMs: 15_000,
  });
  const stop = async () => {
    await up.stop();
    await run("docker", [...compose, "down", "--volumes", "--timeout", "2"], { env });
    await rm(dir, { recursive: true, force: true });
  };
  const healthy = async () => {
    const { stdout } = await run("docker", [...compose, "ps", "--format", "{{.Health}}", service], { env });
    return stdout.trim() === "healthy";
  };
  try {
    const ended = up.exited.then(() => Promise.reject(new Error("docker compose ended")));
    const what = `${service} in Docker`;
    await Promise.race([waitFor(healthy, { what, deadlineMs: START_DEADLINE_MS, intervalMs: 500 }), ended]);
  } catch (error) {
    const log = await logEnd(up.logFile);
    await stop().catch(() => {});
    throw new Error(`${service} did not start in Docker:\n${log}`, { cause: error });
  }
  return { address: ADDRESSES[service](port), stop };
}
