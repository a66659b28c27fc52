// Child processes that cannot outlive the test run: a small shell holds the reading end of a pipe from us. The pipe
// closes when we end in any way, SIGKILL included. The shell then sends the child SIGTERM and, 3 s later, SIGKILL.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { open, readFile } from "node:fs/promises";

export interface WatchedChildOptions {
  readonly program: string;
  readonly programArguments?: readonly string[];
  /** Standard output and standard error of the program are appended here. */
  readonly logFile: string;
  readonly cwd?: string;
  /**
   * The complete environment; default: ours without NODE_OPTIONS, whose loaders and inspectors belong to the test
   * runner.
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How long `stop` waits after SIGTERM before SIGKILL, in milliseconds. */
  readonly graceMs?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface WatchedChild extends AsyncDisposable {
  readonly pid: number;
  readonly running: boolean;
  /** Resolves when the program has ended, in whatever way; never rejects. */
  readonly exited: Promise<Exit>;
  readonly logFile: string;
  /** Sends the signal, if the program still runs; what it does with it shows in `exited`. */
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after the grace time; resolves when the program has ended. Idempotent. */
  stop(): Promise<Exit>;
  /** SIGKILL; resolves when the program has ended. Idempotent. */
  kill(): Promise<Exit>;
}

const LOG_END_BYTES = 64 * 1024;

/**
 * Starts a program in a process group of its own, so that Ctrl-C reaches the test runner first. Throws when it cannot
 * be started.
 */
export async function startWatchedChild(options: WatchedChildOptions): Promise<WatchedChild> {
  const { program, programArguments = [], logFile, cwd, graceMs = 3000 } = options;
  const log = openSync(logFile, "a");
  let child: ChildProcess;
  try {
    child = spawn(program, programArguments, {
      cwd,
      env: { ...(options.env ?? { ...process.env, NODE_OPTIONS: undefined }) },
      stdio: ["ignore", log, log],
      detached: true,
    });
  } finally {
    closeSync(log);
  }
  await once(child, "spawn");
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} has no process id`);
  const watchdog = watch(pid);
  const { promise: exited, resolve } = Promise.withResolvers<Exit>();
  child.once("exit", (code, signal) => {
    watchdog.kill("SIGKILL");
    resolve({ code, signal });
  });
  child.on("error", () => {});
  const running = () => child.exitCode === null && child.signalCode === null;
  let stopping: Promise<Exit> | undefined;
  const stop = () => {
    stopping ??= endGently(child, exited, graceMs);
    return stopping;
  };
  return {
    pid,
    exited,
    logFile,
    get running() {
      return running();
    },
    signal(name) {
      if (running()) child.kill(name);
    },
    stop,
    kill() {
      if (running()) child.kill("SIGKILL");
      return exited;
    },
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

/** Whether a process with this id runs; one that ended and waits to be collected by its parent does not. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return stat === undefined || !/^\d+ \(.*\) [ZX] /s.test(stat);
}

/** The last lines of a log, for messages about a program that did not start. */
export async function logEnd(logFile: string, lineCount = 15): Promise<string> {
  const text = await endOf(logFile).catch(() => "");
  return text.trim().split("\n").slice(-lineCount).join("\n") || "(empty log)";
}

/** A log of an hour is large. */
async function endOf(file: string): Promise<string> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  const position = Math.max(0, size - LOG_END_BYTES);
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(LOG_END_BYTES), position });
  return buffer.toString("utf8", 0, bytesRead);
}

async function endGently(child: ChildProcess, exited: Promise<Exit>, graceMs: number): Promise<Exit> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  try {
    return await exited;
  } finally {
    clearTimeout(timer);
  }
}

function watch(pid: number): ChildProcess {
  const script = `read -r _; kill -TERM ${pid} || exit 0
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sleep 0.2; kill -0 ${pid} || exit 0; done
    kill -KILL ${pid}`;
  const watchdog = spawn("/bin/sh", ["-c", script], { cwd: "/", stdio: ["pipe", "ignore", "ignore"], detached: true });
  watchdog.on("error", () => {});
  watchdog.stdin.on("error", () => {});
  watchdog.unref();
  return watchdog;
}
