/**
 * A private PostgreSQL server below one folder, for the embedded topology and for tests. Written data survives the
 * death of our process, the server or the machine. No server outlives the process that started it. Two processes never
 * work on one folder.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { ListenedClient } from "./connection.ts";
import { createCluster, readSecret, writeSecret } from "./embedded-cluster.ts";
import { clearStalePidFile, runningPostmaster, stopPostmaster } from "./embedded-postmaster.ts";
import { freePort, isPortFree } from "./free-port.ts";
import { type PostgresAccount, postgresAccount } from "./postgres-account.ts";

export interface EmbeddedPostgres {
  /** Superuser connection to the `postgres` database, on the loopback interface only. */
  readonly adminUrl: string;
  readonly port: number;
  /** Process id of the postmaster. */
  readonly pid: number;
  /** Fast shutdown, at most 3 s; idempotent. Open connections are cut, committed data is kept. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Folder of the cluster, its secret and its log; created when missing. */
  readonly dataDir: string;
  /** Default: the port of the last start if it is free, else any free one. */
  readonly port?: number;
}

/** Sized for a laptop. fsync and full_page_writes stay on: a killed machine loses no commit. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  shared_buffers: "64MB",
  max_connections: "200",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
};

const START_DEADLINE_MS = 30_000;

/** How long a refused start is retried: backends of a killed postmaster take a moment to notice and leave. */
const LEFTOVERS_DEADLINE_MS = 10_000;

/** After this the port is somebody else's: another one is taken. */
const PORT_DEADLINE_MS = 2_000;

/** Marks the connection by which a later start recognises that the folder's owner is alive. */
const KEEPER = "tributary-keeper";

/**
 * Starts the server, creating its data folder at the first call. A server left behind by a killed owner is stopped
 * first.
 * @throws Error when another live process owns the folder, or with the end of the server's log when it does not start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const root = resolve(options.dataDir);
  const cluster = join(root, "cluster");
  await mkdir(root, { recursive: true });
  const account = await postgresAccount(root);
  const password = await createCluster(root, account);
  await retireLeftover(cluster, password);

  const secret = await readSecret(root);
  const remembered = options.port ?? secret?.port;
  const port =
    remembered !== undefined && (options.port !== undefined || (await becomesFree(remembered)))
      ? remembered
      : await freePort();
  await writeSecret(root, { password, port });

  const adminUrl = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  const { server, keeper } = await launch({ root, cluster, port, account, adminUrl });
  const pid = server.pid;
  if (pid === undefined) throw new Error("the Postgres process has no id");
  const watchdog = watch(pid);
  let stopping: Promise<void> | undefined;
  return {
    adminUrl,
    port,
    pid,
    stop: () => {
      stopping ??= (async () => {
        watchdog?.kill("SIGKILL");
        await keeper.end().catch(() => undefined);
        await stopPostmaster(pid);
      })();
      return stopping;
    },
  };
}

/** A server that was killed holds its port until its last process has left. */
async function becomesFree(port: number): Promise<boolean> {
  const deadline = Date.now() + PORT_DEADLINE_MS;
  while (!(await isPortFree(port))) {
    if (Date.now() > deadline) return false;
    await delay(50);
  }
  return true;
}

interface Launch {
  readonly root: string;
  readonly cluster: string;
  readonly port: number;
  readonly account: PostgresAccount;
  readonly adminUrl: string;
}

async function launch(plan: Launch): Promise<{ server: ChildProcess; keeper: pg.Client }> {
  const log = join(plan.root, "postgres.log");
  const retryUntil = Date.now() + LEFTOVERS_DEADLINE_MS;
  for (;;) {
    await rename(log, join(plan.root, "postgres.previous.log")).catch(() => undefined);
    const server = spawnServer(plan, log);
    const keeper = await connectKeeper(server, plan.adminUrl);
    if (keeper !== undefined) return { server, keeper };
    if (server.pid !== undefined) await stopPostmaster(server.pid);
    const said = await readFile(log, "utf8").catch(() => "");
    const leftovers = said.includes("pre-existing shared memory block") || said.includes('lock file "postmaster.pid"');
    if (!leftovers || Date.now() > retryUntil) {
      throw new Error(`Postgres did not start on port ${plan.port}. The end of ${log}:\n${said.slice(-1500)}`);
    }
    await delay(200);
  }
}

function spawnServer(plan: Launch, log: string): ChildProcess {
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const { command, args } = plan.account.command("postgres", [
    "-D",
    plan.cluster,
    "-p",
    String(plan.port),
    ...settings,
  ]);
  const output = openSync(log, "a", 0o600);
  try {
    // Its own process group: Ctrl-C must reach the platform first, which stops the database last.
    const server = spawn(command, args, {
      cwd: "/",
      detached: true,
      stdio: ["ignore", output, output],
      ...plan.account.identity,
    });
    server.on("error", () => undefined);
    server.unref();
    return server;
  } finally {
    closeSync(output);
  }
}

/** Waits for the server to accept connections; undefined when it exited instead. */
async function connectKeeper(server: ChildProcess, adminUrl: string): Promise<pg.Client | undefined> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (Date.now() < deadline) {
    if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return undefined;
    // A server that dies later is reported by the connections that do the work.
    const keeper = new ListenedClient({ connectionString: adminUrl, application_name: KEEPER, keepAlive: true });
    try {
      await keeper.connect();
      // Another server could have taken the port: only our own data directory's process may answer.
      if (server.exitCode === null && server.signalCode === null) return keeper;
      await keeper.end();
    } catch {
      await keeper.end().catch(() => undefined);
      await delay(25);
    }
  }
  return undefined;
}

/** Stops a server whose owner died, and clears what a killed server left; refuses when the owner is alive. */
async function retireLeftover(cluster: string, password: string): Promise<void> {
  const found = await runningPostmaster(cluster);
  if (found === undefined) return clearStalePidFile(cluster);
  if (found.port !== undefined && (await hasKeeper(found.port, password))) {
    throw new Error(
      `${cluster} is in use by another running process (Postgres ${found.pid}). Stop that one first, or use another data folder.`,
    );
  }
  await stopPostmaster(found.pid);
}

async function hasKeeper(port: number, password: string): Promise<boolean> {
  const client = new ListenedClient({
    host: "127.0.0.1",
    port,
    user: "postgres",
    password,
    database: "postgres",
    connectionTimeoutMillis: 2_000,
  });
  try {
    await client.connect();
    const owners = await client.query("SELECT 1 FROM pg_stat_activity WHERE application_name = $1", [KEEPER]);
    return owners.rows.length > 0;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A shell that reads from us: when we die in whatever way, its input ends and it shuts the server down. */
function watch(pid: number): ChildProcess | undefined {
  if (process.platform === "win32") return undefined;
  const watchdog = spawn("/bin/sh", ["-c", `read -r _; kill -INT ${pid}`], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watchdog.on("error", () => undefined);
  watchdog.stdin?.on("error", () => undefined);
  if (watchdog.stdin !== null && "unref" in watchdog.stdin && typeof watchdog.stdin.unref === "function") {
    watchdog.stdin.unref();
  }
  watchdog.unref();
  return watchdog;
}
