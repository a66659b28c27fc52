/** The files of an embedded cluster: created whole or not at all, with a random superuser password beside them. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { PostgresAccount } from "./postgres-account.ts";

const run = promisify(execFile);

interface Secret {
  readonly password: string;
  readonly port: number | undefined;
}

const secretPath = (root: string): string => join(root, "superuser.json");

/** The remembered password and port, or undefined before the first start. */
export async function readSecret(root: string): Promise<Secret | undefined> {
  const text = await readFile(secretPath(root), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || !("password" in value) || typeof value.password !== "string") {
    throw new Error(`${secretPath(root)} is damaged: restore it, or remove ${root} to start with an empty database`);
  }
  return {
    password: value.password,
    port: "port" in value && typeof value.port === "number" ? value.port : undefined,
  };
}

/** Readable by the current user only; replaced in one step, so a crash leaves the old or the new content. */
export async function writeSecret(root: string, secret: Secret): Promise<void> {
  const next = `${secretPath(root)}.next`;
  await writeFile(next, `${JSON.stringify(secret)}\n`, { mode: 0o600 });
  await chmod(next, 0o600);
  await rename(next, secretPath(root));
}

/** Runs initdb unless a finished cluster exists. @returns the superuser's password. */
export async function createCluster(root: string, account: PostgresAccount): Promise<string> {
  const cluster = join(root, "cluster");
  const existing = await readSecret(root);
  const exists = await stat(join(cluster, "PG_VERSION")).then(
    () => true,
    () => false,
  );
  if (exists) {
    if (existing === undefined) {
      throw new Error(`${secretPath(root)} is missing: restore it, or remove ${root} to start with an empty database`);
    }
    return existing.password;
  }
  const password = existing?.password ?? randomBytes(24).toString("base64url");
  await writeSecret(root, { password, port: existing?.port });

  // A killed initdb leaves a half-made folder: it is made beside the real place and moved there when it is whole.
  const draft = join(root, "cluster.next");
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  const passwordFile = join(root, "initdb-password");
  try {
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (account.owner !== undefined) {
      await chown(draft, account.owner.uid, account.owner.gid);
      await chown(passwordFile, account.owner.uid, account.owner.gid);
    }
    const { command, args } = account.command("initdb", [
      `--pgdata=${draft}`,
      "--username=postgres",
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--no-instructions",
    ]);
    await run(command, args, { cwd: "/", ...account.identity });
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    throw new Error(`initdb could not create ${cluster}: ${said.trim()}`, { cause: error });
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(draft, cluster);
  return password;
}
