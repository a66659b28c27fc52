/**
 * Migrations on disk in the layout of Prisma Migrate: `<timestamp>_<name>/migration.sql` beside `migration_lock.toml`.
 * A subgraph's are its own and the shared ones. Where both have the same name they are one migration, the shared text
 * first.
 */
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { MigrationList } from "@prisma/schema-engine-wasm";
import { MigrationError } from "./migration-error.ts";

/** Migrations that the database of every subgraph has. */
export interface SharedMigrations {
  readonly folder: string;
  /** Takes the place of `{subgraph}` in their text: roles belong to the cluster, so each subgraph has its own. */
  readonly subgraph: string;
}

export interface Migrations {
  readonly list: MigrationList;
  /** The file and the line, from 1, of a position in a migration's text. */
  placeOf(migration: string, position: number): { readonly file: string; readonly line: number };
}

interface MigrationText {
  readonly file: string;
  readonly sql: string;
}

/** A statement that would end the transaction a migration is applied in. PL/pgSQL's BEGIN has no semicolon. */
const TRANSACTION_CONTROL = /^\s*(?:begin|start\s+transaction|commit|rollback)(?:\s+(?:work|transaction))?\s*;/im;
const BETWEEN = "\n";

/**
 * Reads every migration, oldest first.
 * @throws MigrationError when a file is missing or ends its own transaction, so that half of it could stay behind.
 */
export async function readMigrations(folder: string, shared?: SharedMigrations): Promise<Migrations> {
  const baseDir = resolve(folder);
  const own = await readTexts(baseDir);
  const common = shared === undefined ? new Map<string, MigrationText>() : await readTexts(shared.folder);
  const texts = new Map<string, readonly MigrationText[]>();
  for (const name of [...new Set([...common.keys(), ...own.keys()])].sort()) {
    const first = common.get(name);
    const second = own.get(name);
    texts.set(name, [
      ...(first === undefined ? [] : [{ ...first, sql: first.sql.replaceAll("{subgraph}", shared?.subgraph ?? "") }]),
      ...(second === undefined ? [] : [second]),
    ]);
  }
  return {
    list: {
      baseDir,
      lockfile: { path: "migration_lock.toml", content: await readLock(shared?.folder ?? baseDir) },
      shadowDbInitScript: "",
      migrationDirectories: [...texts].map(([path, parts]) => ({
        path,
        migrationFile: {
          path: "migration.sql",
          content: { tag: "ok", value: parts.map(({ sql }) => sql).join(BETWEEN) },
        },
      })),
    },
    placeOf: (migration, position) => placeIn(texts.get(migration) ?? [], position),
  };
}

async function readTexts(folder: string): Promise<ReadonlyMap<string, MigrationText>> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    // A subgraph without tables of its own has none.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return new Map(await Promise.all(names.map(async (name) => [name, await readText(folder, name)] as const)));
}

async function readText(folder: string, name: string): Promise<MigrationText> {
  const file = join(folder, name, "migration.sql");
  const sql = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new MigrationError(`Migration ${name} has no readable migration.sql in ${folder}.`, name, cause);
  });
  const found = TRANSACTION_CONTROL.exec(sql);
  if (found !== null) {
    throw new MigrationError(
      `Migration ${name} contains "${found[0].trim()}": each file already runs in one transaction. Remove the statement, or split the file in two.`,
      name,
    );
  }
  return { file, sql };
}

const readLock = (folder: string): Promise<string | null> =>
  readFile(join(folder, "migration_lock.toml"), "utf8").catch(() => null);

function placeIn(parts: readonly MigrationText[], position: number): { file: string; line: number } {
  let before = 0;
  let place = { file: "", line: 1 };
  for (const { file, sql } of parts) {
    if (position < before) break;
    place = { file, line: sql.slice(0, position - before).split("\n").length };
    before += sql.length + BETWEEN.length;
  }
  return place;
}
