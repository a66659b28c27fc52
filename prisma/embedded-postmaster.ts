/** Finding and ending the server process of a data directory, whoever started it. */
import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** After this a fast shutdown becomes an immediate one, which the write-ahead log makes good at the next start. */
const FAST_SHUTDOWN_MS = 2_500;

interface Postmaster {
  readonly pid: number;
  readonly port: number | undefined;
}

async function readPidFile(cluster: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number.isInteger(port) && port > 0 ? port : undefined };
}

/** The live server of this data directory; a foreign process that inherited the recorded id does not count. */
export async function runningPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const recorded = await readPidFile(cluster);
  if (recorded === undefined || !isRunning(recorded.pid)) return undefined;
  return (await commandLine(recorded.pid)).includes(cluster) ? recorded : undefined;
}

/**
 * Removes a pid file whose id now belongs to somebody else: Postgres would take that process for a running server.
 * A file whose process is gone stays, because Postgres reads the old shared-memory key from it.
 */
export async function clearStalePidFile(cluster: string): Promise<void> {
  const recorded = await readPidFile(cluster);
  if (recorded !== undefined && isRunning(recorded.pid)) await rm(join(cluster, "postmaster.pid"), { force: true });
}

/** Fast shutdown, then after 2.5 s an immediate one; returns when the process is gone. */
export async function stopPostmaster(pid: number): Promise<void> {
  if (!signal(pid, "SIGINT")) return;
  if (await gone(pid, FAST_SHUTDOWN_MS)) return;
  signal(pid, "SIGQUIT");
  if (await gone(pid, 5_000)) return;
  throw new Error(`Postgres process ${pid} does not stop; end it by hand before the next start`);
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (Date.now() < deadline) {
    // An orphan that nobody reaps stays listed as a zombie: it has no command line any more.
    if (!isRunning(pid) || (await commandLine(pid)) === "") return true;
    await delay(20);
  }
  return false;
}

async function commandLine(pid: number): Promise<string> {
  if (process.platform === "linux") return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return run("ps", ["-o", "command=", "-p", String(pid)]).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
}
