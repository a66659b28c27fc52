import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { databaseUrls, prepareDatabase } from "../../../prisma/databases.ts";
import { migrateDatabase } from "../../../prisma/migrate.ts";
import { MigrationError } from "../../../prisma/migration-error.ts";
import { type PostgresServer, startPostgres } from "../../support/services/postgres.ts";
import { withClient } from "./as-role.ts";

const ORIGINAL = fileURLToPath(new URL("../../../prisma/events/migrations", import.meta.url));

let server: PostgresServer;
let ownerUrl: string;
let folder: string;
let databases = 0;

beforeAll(async () => {
  server = await startPostgres();
});

afterAll(() => server.stop());

beforeEach(async () => {
  databases += 1;
  const urls = databaseUrls(server.adminUrl, "events", "pw", `migrate_${databases}`);
  await prepareDatabase({ adminUrl: server.adminUrl, name: "events", urls });
  ownerUrl = urls.owner;
  folder = await mkdtemp(join(tmpdir(), "tributary-migrations-"));
  await cp(ORIGINAL, folder, { recursive: true });
  return () => rm(folder, { recursive: true, force: true });
});

async function write(name: string, sql: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, "migration.sql"), sql);
}

const recorded = (): Promise<{ migration_name: string; checksum: string; open: boolean }[]> =>
  withClient(ownerUrl, async (client) => {
    const result = await client.query(
      "SELECT migration_name, checksum, finished_at IS NULL AS open FROM _prisma_migrations ORDER BY started_at",
    );
    return result.rows;
  });

const exists = (table: string): Promise<boolean> =>
  withClient(ownerUrl, async (client) => {
    const result = await client.query("SELECT to_regclass($1) IS NOT NULL AS present", [table]);
    return result.rows[0].present;
  });

test("migrations apply once, also when several processes start together", async () => {
  await write("20990101000000_one", "CREATE TABLE one (n int);");
  const answers = await Promise.all([1, 2, 3].map(() => migrateDatabase({ ownerUrl, folder })));
  expect(answers.flat()).toEqual(["20990101000000_one"]);
  expect(await migrateDatabase({ ownerUrl, folder })).toEqual([]);
});

test("the record is the one Prisma Migrate keeps: name and SHA-256 of the file", async () => {
  const rows = await recorded();
  for (const row of rows) {
    const sql = await readFile(join(folder, row.migration_name, "migration.sql"));
    expect(row.checksum).toBe(createHash("sha256").update(sql).digest("hex"));
  }
  expect(rows.length).toBeGreaterThan(0);
  expect(await readFile(join(folder, "migration_lock.toml"), "utf8")).toContain('provider = "postgresql"');
});

test("a migration that fails half-way leaves nothing, keeps the ones before it, and the next start continues", async () => {
  await write("20990101000000_good", "CREATE TABLE good (n int);");
  await write(
    "20990102000000_bad",
    "CREATE TABLE half (n int); INSERT INTO half VALUES (1); INSERT INTO nowhere VALUES (1);",
  );
  await write("20990103000000_later", "CREATE TABLE later (n int);");
  const failure = await migrateDatabase({ ownerUrl, folder }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(MigrationError);
  expect(failure).toMatchObject({ migration: "20990102000000_bad" });
  expect(String(failure)).toContain('relation "nowhere" does not exist');
  expect(String(failure)).toContain("start again");
  expect(await exists("half")).toBe(false);
  expect(await exists("good")).toBe(true);

  await write("20990102000000_bad", "CREATE TABLE half (n int);");
  expect(await migrateDatabase({ ownerUrl, folder })).toEqual(["20990102000000_bad", "20990103000000_later"]);
  expect((await recorded()).some((row) => row.open)).toBe(false);
});

test("a failed run of another tool does not block the next start", async () => {
  await write("20990101000000_tried", "CREATE TABLE tried (n int);");
  await withClient(ownerUrl, (client) =>
    client.query(
      "INSERT INTO _prisma_migrations (id, checksum, migration_name, logs) VALUES ('x', 'y', '20990101000000_tried', 'broken')",
    ),
  );
  expect(await migrateDatabase({ ownerUrl, folder })).toEqual(["20990101000000_tried"]);
  expect(await migrateDatabase({ ownerUrl, folder })).toEqual([]);
});

test("function bodies and semicolons in text reach Postgres whole", async () => {
  await write(
    "20990101000000_function",
    "-- first; second\nCREATE FUNCTION answer() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; RETURN 'a;b'; END $$;",
  );
  await migrateDatabase({ ownerUrl, folder });
  const said = await withClient(ownerUrl, (client) => client.query("SELECT answer() AS said"));
  expect(said.rows).toEqual([{ said: "a;b" }]);
});

test("an edited migration, an unknown one and one that commits for itself are refused by name", async () => {
  await write("20990101000000_mine", "CREATE TABLE mine (n int);\nCOMMIT;");
  await expect(migrateDatabase({ ownerUrl, folder })).rejects.toThrow(/20990101000000_mine contains "COMMIT;"/);
  await write("20990101000000_mine", "CREATE TABLE mine (n int);");
  await migrateDatabase({ ownerUrl, folder });
  await write("20990101000000_mine", "CREATE TABLE mine (n bigint);");
  await expect(migrateDatabase({ ownerUrl, folder })).rejects.toThrow("20990101000000_mine was edited");
  await rm(join(folder, "20990101000000_mine"), { recursive: true });
  await expect(migrateDatabase({ ownerUrl, folder })).rejects.toThrow("does not know: 20990101000000_mine");
});
