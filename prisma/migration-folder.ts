/** Migrations on disk in the layout of Prisma Migrate: `<timestamp>_<name>/migration.sql` beside `migration_lock.toml`. */
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { MigrationDirectory, MigrationList } from "@prisma/schema-engine-wasm";
import { MigrationError } from "./migration-error.ts";

/** A statement that would end the transaction a migration is applied in. PL/pgSQL's BEGIN has no semicolon. */
const TRANSACTION_CONTROL = /^\s*(?:begin|start\s+transaction|commit|rollback)(?:\s+(?:work|transaction))?\s*;/im;

/**
 * Reads every migration, oldest first.
 * @throws MigrationError when a file is missing or ends its own transaction, so that half of it could stay behind.
 */
export async function readMigrations(folder: string): Promise<MigrationList> {
  const baseDir = resolve(folder);
  const entries = await readdir(baseDir, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  const migrationDirectories = await Promise.all(names.map((name) => readMigration(baseDir, name)));
  const lock = await readFile(join(baseDir, "migration_lock.toml"), "utf8").catch(() => null);
  return {
    baseDir,
    lockfile: { path: "migration_lock.toml", content: lock },
    shadowDbInitScript: "",
    migrationDirectories,
  };
}

async function readMigration(baseDir: string, name: string): Promise<MigrationDirectory> {
  const file = join(baseDir, name, "migration.sql");
  const sql = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new MigrationError(`Migration ${name} has no readable migration.sql in ${baseDir}.`, name, cause);
  });
  const found = TRANSACTION_CONTROL.exec(sql);
  if (found !== null) {
    throw new MigrationError(
      `Migration ${name} contains "${found[0].trim()}": each file already runs in one transaction. Remove the statement, or split the file in two.`,
      name,
    );
  }
  return { path: name, migrationFile: { path: "migration.sql", content: { tag: "ok", value: sql } } };
}
