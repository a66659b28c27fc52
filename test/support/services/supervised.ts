// Starts programs under supervisor.ts, so that no service survives the test run, however the run ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface SupervisedOptions {
  readonly program: string;
  readonly programArguments: readonly string[];
  /** Standard output and standard error of the program are appended here. */
  readonly logFile: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Supervised {
  /** The program's own process id. */
  readonly pid: number;
  readonly running: boolean;
  /** Resolves when the program has ended, in whatever way. */
  readonly exited: Promise<void>;
  /** SIGTERM, then SIGKILL after 3 s; resolves when the program has ended. Idempotent. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when the program has ended. Idempotent. */
  kill(): Promise<void>;
}

const SUPERVISOR = fileURLToPath(new URL("./supervisor.ts", import.meta.url));

/** Starts a program; throws with the end of its log when it cannot be started at all. */
export async function startSupervised(options: SupervisedOptions): Promise<Supervised> {
  const { program, programArguments, logFile, cwd, env = {} } = options;
  const supervisor = spawn(process.execPath, [SUPERVISOR, logFile, program, ...programArguments], {
    cwd,
    // The runner's own NODE_OPTIONS (loaders, inspectors) are not meant for the supervisor or the service.
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  supervisor.stdin.on("error", () => {});
  const exited = once(supervisor, "exit").then(() => {});
  const lines = createInterface({ input: supervisor.stdout });
  const first = await Promise.race([once(lines, "line").then(([line]) => Number(line)), exited.then(() => Number.NaN)]);
  lines.close();
  if (!Number.isInteger(first)) throw new Error(`${program} did not start: ${await logEnd(logFile)}`);
  let running = true;
  void exited.then(() => {
    running = false;
  });
  // A service must not keep its asker alive; the asker's end closes the pipe and with it the service.
  supervisor.unref();
  return {
    pid: first,
    exited,
    get running() {
      return running;
    },
    async stop() {
      supervisor.ref();
      supervisor.stdin.end();
      await exited;
    },
    async kill() {
      supervisor.ref();
      if (running) signal(first, "SIGKILL");
      await exited;
    },
  };
}

/** The last lines of a log, for messages about a service that did not start. */
export async function logEnd(logFile: string, lineCount = 15): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  return text.trim().split("\n").slice(-lineCount).join("\n") || "(empty log)";
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
