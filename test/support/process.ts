// Processes of the project under test: started with this Node from an entry file, logged to a file, and waited for by a
// line or a URL. They end with the test file at the latest (setup-file.ts), or with the test run, however that ends
// (watched-child.ts).
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitFor } from "./wait.ts";
import { type Exit, logEnd, startWatchedChild, type WatchedChild } from "./watched-child.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LOGS = join(ROOT, "test-results/logs");
const live = new Set<ProjectProcess>();
let count = 0;

export interface ProcessOptions {
  /** Entry file, from the root: "gateway/main.ts". */
  readonly entry: string;
  /** A checkout; default: this one. */
  readonly root?: string;
  readonly entryArguments?: readonly string[];
  readonly nodeArguments?: readonly string[];
  /**
   * Added to a bare environment (PATH, HOME, TMPDIR and the like): a test's settings never depend on the caller's
   * shell.
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A line of its output, or a URL that must answer 2xx; default: as soon as it runs. */
  readonly ready?: RegExp | URL;
  readonly readyDeadlineMs?: number;
  readonly cwd?: string;
  /** In the name of the log file; default: from the entry. */
  readonly name?: string;
}

export interface ProjectProcess extends AsyncDisposable {
  readonly pid: number;
  readonly running: boolean;
  readonly logFile: string;
  /** The match of a `ready` expression, with its groups. */
  readonly readyMatch: RegExpMatchArray | undefined;
  readonly exited: Promise<Exit>;
  /** Everything it has written so far, standard output and standard error mixed. */
  output(): Promise<string>;
  /** The first match in the output, waiting for it; throws at once when the process ends without it. */
  waitForOutput(pattern: RegExp, deadlineMs?: number): Promise<RegExpMatchArray>;
  /**
   * Sends the signal and waits until the process has ended; throws when it has not within `deadlineMs` (default 30 s).
   */
  kill(signal: NodeJS.Signals, deadlineMs?: number): Promise<Exit>;
  /** Sends the signal and does not wait. */
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after 10 s. Idempotent. */
  stop(): Promise<Exit>;
}

/** Entry of a subgraph's process, as `npm run start:subgraph` has it. */
export const subgraphProcess = (name: string) => ({
  entry: "subgraphs/main.ts",
  entryArguments: [name],
  name: `subgraph-${name}`,
});

/** Starts a process and waits until it is ready. One that is not is ended, and the error holds the end of its log. */
export async function startProcess(options: ProcessOptions): Promise<ProjectProcess> {
  const { entry, root = ROOT, entryArguments = [], nodeArguments = [], ready, readyDeadlineMs = 60_000 } = options;
  const name = options.name ?? entry.replaceAll(/[^a-z0-9]+/gi, "-");
  mkdirSync(LOGS, { recursive: true });
  count += 1;
  const child = await startWatchedChild({
    program: process.execPath,
    programArguments: [...nodeArguments, join(root, entry), ...entryArguments],
    logFile: join(LOGS, `${name}-${process.pid}-${count}.log`),
    cwd: options.cwd ?? root,
    env: { ...bareEnvironment(), ...options.env },
    graceMs: 10_000,
  });
  let readyMatch: RegExpMatchArray | undefined;
  const started = projectProcess(child, () => readyMatch);
  live.add(started);
  void child.exited.then(() => live.delete(started));
  try {
    if (ready instanceof RegExp) readyMatch = await started.waitForOutput(ready, readyDeadlineMs);
    else if (ready !== undefined) await untilAnswers(started, ready, readyDeadlineMs);
  } catch (error) {
    await child.kill();
    throw new Error(
      `${basename(entry)} did not become ready; ${child.logFile} ends with:\n${await logEnd(child.logFile)}`,
      {
        cause: error,
      },
    );
  }
  return started;
}

/** Ends every process that `startProcess` started in this test file and that still runs. */
export async function stopProcesses(): Promise<void> {
  await Promise.all([...live].map((running) => running.stop()));
}

function projectProcess(child: WatchedChild, readyMatch: () => RegExpMatchArray | undefined): ProjectProcess {
  const output = () => readFile(child.logFile, "utf8");
  return {
    pid: child.pid,
    logFile: child.logFile,
    exited: child.exited,
    get running() {
      return child.running;
    },
    get readyMatch() {
      return readyMatch();
    },
    output,
    waitForOutput: (pattern, deadlineMs = 30_000) =>
      orEnded(
        child,
        waitFor(async () => (await output()).match(pattern), { what: `${pattern} in ${child.logFile}`, deadlineMs }),
      ),
    async kill(signal, deadlineMs = 30_000) {
      child.signal(signal);
      await waitFor(() => !child.running, { what: `process ${child.pid} to end after ${signal}`, deadlineMs });
      return child.exited;
    },
    signal: (signal) => child.signal(signal),
    stop: () => child.stop(),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

async function untilAnswers(started: ProjectProcess, url: URL, deadlineMs: number): Promise<void> {
  const answers = async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return true;
  };
  await orEnded(started, waitFor(answers, { what: url.href, deadlineMs, intervalMs: 50 }));
}

/**
 * What ends first: the wait, or the process; the latter after one last look, since its last line may be the awaited
 * one.
 */
async function orEnded<T>(running: { readonly exited: Promise<Exit> }, wait: Promise<T>): Promise<T> {
  const ended = running.exited.then(async ({ code, signal }) => {
    const lastLook = new Promise<undefined>((resolve) => setTimeout(resolve, 100));
    const last = await Promise.race([wait.then((value) => ({ value })), lastLook]);
    if (last !== undefined) return last.value;
    throw new Error(`the process ended (${signal ?? `code ${code}`})`);
  });
  ended.catch(() => {});
  wait.catch(() => {});
  return Promise.race([wait, ended]);
}

function bareEnvironment(): Record<string, string | undefined> {
  const { PATH, HOME, TMPDIR, LANG, NODE_COMPILE_CACHE } = process.env;
  return { PATH, HOME, TMPDIR, LANG, NODE_COMPILE_CACHE };
}
