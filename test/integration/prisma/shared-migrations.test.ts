// What all subgraphs' databases hold alike is written once; databases made when it stood in each subgraph's own file
// stay valid.
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bootstrapDatabase } from "../../../prisma/bootstrap.ts";
import { databaseUrls, prepareDatabase } from "../../../prisma/databases.ts";
import { migrateDatabase } from "../../../prisma/migrate.ts";
import { readMigrations } from "../../../prisma/migration-folder.ts";
import { migrationsOf, PRISMA_FOLDER } from "../../../prisma/subgraph-databases.ts";
import { type PostgresServer, startPostgres } from "../../support/services/postgres.ts";
import { withClient } from "./as-role.ts";

const FOUNDATION = "20261120000000_foundation";

/** Those that came after the foundation, of every database and of this one. */
async function laterMigrations(name?: string): Promise<string[]> {
  const folders = name === undefined ? ["shared"] : ["shared", name];
  const found = await Promise.all(
    folders.map((folder) => readdir(join(PRISMA_FOLDER, folder, "migrations"), { withFileTypes: true })),
  );
  const names = found.flat().flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  return [...new Set(names)].filter((migration) => migration !== FOUNDATION).sort();
}

/**
 * As installations hold them in `_prisma_migrations`: SHA-256 of the files of version 0.1.0, each of which held the
 * shared part itself.
 */
const RELEASED = {
  user: "d1c05d1227794fd49aa1191c6e740d9bad6f402201a23846fd582587c02879f5",
  billing: "6fd319757ba26c914dd7b7a4d88bf0c15703aafc56f619ba4a933c825b0e8255",
  audit: "dbe54a8ea43431282ba4bd0f04c62f2db0033c0c60c1632c50b26bf04396507e",
};

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres();
});

afterAll(() => server.stop());

/** An empty database of a subgraph with its roles. */
async function emptyDatabase(name: string, database: string) {
  const urls = databaseUrls(server.adminUrl, name, "pw", database);
  const role = (kind: string) => ({ name: `tributary_${name}_${kind}`, password: "pw" });
  const logins = [role("app"), role("relay")];
  await bootstrapDatabase({ adminUrl: server.adminUrl, database, owner: role("owner"), logins });
  return urls;
}

describe("a database of version 0.1.0", () => {
  test.each(Object.entries(RELEASED))("of %s holds the checksum of today's first migration", async (name, checksum) => {
    const { folder, shared } = migrationsOf(name);
    const { list } = await readMigrations(folder, shared);
    const content = list.migrationDirectories.find(({ path }) => path === FOUNDATION)?.migrationFile.content;
    const sql = content?.tag === "ok" ? content.value : "";
    expect(createHash("sha256").update(sql).digest("hex")).toBe(checksum);
  });

  test("is up to date for db:migrate, and so is one that db:migrate makes anew", async () => {
    const urls = await emptyDatabase("audit", "released_audit");
    const released = fileURLToPath(new URL("released", import.meta.url));
    expect(await migrateDatabase({ ownerUrl: urls.owner, folder: released })).toEqual([FOUNDATION]);

    const prepare = () => prepareDatabase({ adminUrl: server.adminUrl, name: "audit", urls });
    expect(await prepare()).toEqual(await laterMigrations("audit"));
    expect(await prepare()).toEqual([]);
    await withClient(urls.app, (client) => client.query("SELECT FROM audit_entry, outbox, inbox, idempotency"));

    const fresh = databaseUrls(server.adminUrl, "audit", "pw", "fresh_audit");
    expect(await prepareDatabase({ adminUrl: server.adminUrl, name: "audit", urls: fresh })).toEqual([
      FOUNDATION,
      ...(await laterMigrations("audit")),
    ]);
    expect(await prepareDatabase({ adminUrl: server.adminUrl, name: "audit", urls: fresh })).toEqual([]);
  });
});

describe("a new subgraph's database", () => {
  let prisma: string;
  let databases = 0;

  beforeEach(async () => {
    prisma = await mkdtemp(join(tmpdir(), "tributary-prisma-"));
    await cp(join(PRISMA_FOLDER, "shared"), join(prisma, "shared"), { recursive: true });
    databases += 1;
    return () => rm(prisma, { recursive: true, force: true });
  });

  const write = async (folder: string, name: string, sql: string) => {
    await mkdir(join(prisma, folder, "migrations", name), { recursive: true });
    await writeFile(join(prisma, folder, "migrations", name, "migration.sql"), sql);
  };
  const open = async () => {
    const { owner, app, relay = "" } = await emptyDatabase("notes", `notes_${databases}`);
    const migrate = () => migrateDatabase({ ownerUrl: owner, ...migrationsOf("notes", prisma) });
    return { migrate, app, relay };
  };

  test("gets outbox, inbox and idempotency for its own roles without a line of its own", async () => {
    await write("notes", "20270101000000_notes", "CREATE TABLE note (id text PRIMARY KEY);");
    const { migrate, app, relay } = await open();
    expect(await migrate()).toEqual([FOUNDATION, ...(await laterMigrations()), "20270101000000_notes"]);
    await withClient(app, (client) => client.query("SELECT FROM outbox, inbox, idempotency, stream_head"));
    await withClient(relay, (client) => client.query("SELECT FROM outbox"));
    await expect(withClient(relay, (client) => client.query("SELECT FROM inbox"))).rejects.toThrow("permission denied");
  });

  test("has the shared migrations that are added later, also when its own are newer", async () => {
    await write("notes", "20270101000000_notes", "CREATE TABLE note (id text PRIMARY KEY);");
    const { migrate, app } = await open();
    await migrate();
    await write(
      "shared",
      "20261201000000_mark",
      "CREATE TABLE mark (); GRANT SELECT ON mark TO tributary_{subgraph}_app;",
    );
    expect(await migrate()).toEqual(["20261201000000_mark"]);
    await withClient(app, (client) => client.query("SELECT FROM mark"));
    expect(await migrate()).toEqual([]);
  });

  test("whose own part of a shared migration fails is told that file and its line", async () => {
    await write("notes", FOUNDATION, "CREATE TABLE note (id text);\n\nCREATE TABLE broken (id nothing);");
    const { migrate } = await open();
    const failure = String(await migrate().catch((error: unknown) => error));
    expect(failure).toContain('type "nothing" does not exist (42704) in line 3');
    expect(failure).toContain(join("notes", "migrations", FOUNDATION, "migration.sql"));
  });
});
