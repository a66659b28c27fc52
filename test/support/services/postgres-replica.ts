// A hot standby of a Postgres that a test started itself: it streams from it and answers queries.
import { execFile } from "node:child_process";
import { appendFile, chown, copyFile, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { type PostgresServer, startPostgres } from "./postgres.ts";

const run = promisify(execFile);

/** @param primary while nobody works on it: its files are copied as they are */
export async function startReplica(primary: PostgresServer): Promise<PostgresServer> {
  const dataDir = await mkdtemp(join(tmpdir(), "tributary-replica-"));
  const cluster = join(dataDir, "cluster");
  try {
    const label = await copyCluster(primary, cluster);
    const owner = await stat(join(cluster, "PG_VERSION"));
    for (const name of ["postmaster.pid", "postmaster.opts"]) await rm(join(cluster, name), { force: true });
    await writeFile(join(cluster, "backup_label"), label);
    await writeFile(join(cluster, "standby.signal"), "");
    for (const name of ["backup_label", "standby.signal"]) await chown(join(cluster, name), owner.uid, owner.gid);
    const { username, password } = new URL(primary.adminUrl);
    const source = `host=127.0.0.1 port=${primary.port} user=${username} password=${password}`;
    await appendFile(join(cluster, "postgresql.auto.conf"), `primary_conninfo = '${source}'\n`);
    await copyFile(join(primary.dataDir, "superuser.json"), join(dataDir, "superuser.json"));
    const server = await startPostgres({ dataDir });
    return {
      ...server,
      async stop() {
        await server.stop();
        await rm(dataDir, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
}

/** @returns what the copy needs as `backup_label` */
async function copyCluster(primary: PostgresServer, target: string): Promise<string> {
  const client = new Client({ connectionString: primary.adminUrl });
  await client.connect();
  try {
    await client.query("SELECT pg_backup_start('replica', true)");
    await run("cp", ["-a", join(primary.dataDir, "cluster"), target]);
    const { rows } = await client.query<{ labelfile: string }>("SELECT labelfile FROM pg_backup_stop(false)");
    return rows[0]?.labelfile ?? "";
  } finally {
    await client.end();
  }
}
