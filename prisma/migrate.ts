/**
 * Applies a database's migrations in process. Each one is atomic together with its row in `_prisma_migrations`: after
 * an error or a kill it is either applied and recorded or neither, so the next start simply continues. Concurrent
 * starts, and `prisma migrate deploy` on the same database, take turns.
 */
import type { MigrationList } from "@prisma/schema-engine-wasm";
import { MigrationError } from "./migration-error.ts";
import { type Migrations, readMigrations, type SharedMigrations } from "./migration-folder.ts";
import { type EngineSession, openEngine } from "./schema-engine.ts";

/** The advisory lock of Prisma Migrate itself, so that both tools exclude each other. */
const PRISMA_LOCK = 72_707_369;

const NO_FILTER = { externalTables: [], externalEnums: [] };

export interface MigrateOptions {
  /** Connection of the role that owns the database. */
  readonly ownerUrl: string;
  /** Folder with one folder per migration. */
  readonly folder: string;
  /** Of a subgraph's database. */
  readonly shared?: SharedMigrations;
}

/**
 * @returns the names of the migrations applied by this call, oldest first; empty when the database is up to date.
 * @throws MigrationError when one fails; the ones before it stay. Also when an applied file was edited, or when the
 * database holds a migration that the folder does not.
 */
export async function migrateDatabase(options: MigrateOptions): Promise<string[]> {
  const migrations = await readMigrations(options.folder, options.shared);
  if (migrations.list.migrationDirectories.length === 0) return [];
  const session = await openEngine(options.ownerUrl);
  try {
    // Held by the session: released with the connection, also when we die.
    await session.query("SELECT pg_advisory_lock($1)", [PRISMA_LOCK]);
    const pending = await pendingMigrations(session, migrations.list);
    const applied: string[] = [];
    for (const name of pending) applied.push(...(await applyOne(session, migrations, name)));
    return applied;
  } finally {
    await session.close();
  }
}

async function pendingMigrations(session: EngineSession, migrations: MigrationList): Promise<string[]> {
  const state = await session.engine.diagnoseMigrationHistory({
    migrationsList: migrations,
    optInToShadowDatabase: false,
    filters: NO_FILTER,
  });
  // A failed one was of course edited since: that is how it gets mended.
  const edited = state.editedMigrationNames.find((name) => !state.failedMigrationNames.includes(name));
  if (edited !== undefined) {
    throw new MigrationError(
      `Migration ${edited} was edited after it had been applied to this database. Restore the file and put the change into a new migration; a database without data worth keeping can be dropped instead.`,
      edited,
    );
  }
  // Left by other tools only, and harmless: Postgres rolled the statements back. Marked so that it may run again.
  for (const migrationName of state.failedMigrationNames) {
    await session.engine.markMigrationRolledBack({ migrationName });
  }
  const history = state.history;
  if (history !== null && history.diagnostic !== "databaseIsBehind") {
    throw new MigrationError(
      `The database holds migrations this version does not know: ${history.unpersistedMigrationNames.join(", ")}. Start the version that made them, or restore a backup from before.`,
      history.unpersistedMigrationNames[0],
    );
  }
  const recorded = await appliedMigrations(session);
  return migrations.migrationDirectories.map(({ path }) => path).filter((name) => !recorded.has(name));
}

async function appliedMigrations(session: EngineSession): Promise<ReadonlySet<string>> {
  const table = await session.query("SELECT to_regclass('_prisma_migrations') IS NOT NULL AS present");
  if (table.rows[0]?.present !== true) return new Set();
  const rows = await session.query(
    "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL",
  );
  return new Set(rows.rows.map((row: { migration_name: string }) => row.migration_name));
}

async function applyOne(session: EngineSession, migrations: Migrations, name: string): Promise<string[]> {
  const migrationsList = upTo(migrations.list, name);
  await session.query("BEGIN");
  try {
    const { appliedMigrationNames } = await session.engine.applyMigrations({ migrationsList, filters: NO_FILTER });
    await session.query("COMMIT");
    return appliedMigrationNames;
  } catch (error) {
    const cause = session.scriptError() ?? error;
    await session.query("ROLLBACK").catch(() => undefined);
    const { file, line } = migrations.placeOf(name, positionOf(cause));
    throw new MigrationError(
      `Migration ${name} failed and was undone: ${describe(cause, line)}. Nothing of it is in the database; correct ${file} and start again.`,
      name,
      cause,
    );
  }
}

function upTo(migrations: MigrationList, name: string): MigrationList {
  const end = migrations.migrationDirectories.findIndex(({ path }) => path === name) + 1;
  return { ...migrations, migrationDirectories: migrations.migrationDirectories.slice(0, end) };
}

/**
 * Where Postgres stumbled, from 0; the end of the text when it does not say, since a migration's own text stands last.
 */
function positionOf(error: unknown): number {
  const given = error instanceof Error && "position" in error ? Number(error.position) : Number.NaN;
  return Number.isInteger(given) ? given - 1 : Number.MAX_SAFE_INTEGER;
}

/** Postgres' message with its code, the line of the file, detail and hint where it gave them. */
function describe(error: unknown, line: number): string {
  if (!(error instanceof Error)) return String(error);
  const parts = [error.message];
  if ("code" in error && typeof error.code === "string") parts.push(`(${error.code})`);
  if ("position" in error && typeof error.position === "string") parts.push(`in line ${line}`);
  if ("detail" in error && typeof error.detail === "string") parts.push(`- ${error.detail}`);
  if ("hint" in error && typeof error.hint === "string") parts.push(`- Hint: ${error.hint}`);
  return parts.join(" ");
}
