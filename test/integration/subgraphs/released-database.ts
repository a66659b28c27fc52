// A subgraph's database as version 0.1.0 made it, with what that wrote.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { bootstrapDatabase } from "../../../prisma/bootstrap.ts";
import type { DatabaseUrls } from "../../../prisma/databases.ts";
import { migrateDatabase } from "../../../prisma/migrate.ts";
import { migrationsOf } from "../../../prisma/subgraph-databases.ts";

const FOUNDATION = "20261120000000_foundation";

export interface ReleasedDatabase {
  /** Of the subgraph. */
  readonly name: string;
  readonly urls: DatabaseUrls;
  readonly adminUrl: string;
  /** Fills it, as superuser. */
  readonly write: (admin: Client) => Promise<void>;
}

export async function makeReleasedDatabase({ name, urls, adminUrl, write }: ReleasedDatabase): Promise<void> {
  const login = (url = "") => {
    const { username, password } = new URL(url);
    return { name: username, password };
  };
  const database = new URL(urls.owner).pathname.slice(1);
  const logins = [login(urls.app), login(urls.relay)];
  await bootstrapDatabase({ adminUrl, database, owner: login(urls.owner), logins });
  const folder = await mkdtemp(join(tmpdir(), "tributary-released-"));
  try {
    const { folder: own, shared } = migrationsOf(name);
    if (shared === undefined) throw new Error(`the ${name} database has shared migrations`);
    for (const [part, from] of [
      ["own", own],
      ["shared", shared.folder],
    ] as const) {
      await cp(join(from, FOUNDATION), join(folder, part, FOUNDATION), { recursive: true });
    }
    await cp(join(shared.folder, "migration_lock.toml"), join(folder, "shared", "migration_lock.toml"));
    await migrateDatabase({
      ownerUrl: urls.owner,
      folder: join(folder, "own"),
      shared: { ...shared, folder: join(folder, "shared") },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  const admin = new Client({ connectionString: url.href });
  await admin.connect();
  try {
    await write(admin);
  } finally {
    await admin.end();
  }
}
