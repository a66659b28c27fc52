/**
 * For Prisma's own command line: `SUBGRAPH=user npx prisma migrate status --config prisma/prisma.config.ts`. Prisma
 * reads a schema and migrations from folders and knows no shared parts, so it is given the whole text of both, written
 * below `.cache/`.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineConfig } from "prisma/config";
import { readMigrations } from "./migration-folder.ts";
import { migrationsOf, PRISMA_FOLDER, readDatamodel, subgraphDatabases } from "./subgraph-databases.ts";

// biome-ignore lint/style/noProcessEnv: read by the command line before any code of ours runs
const environment = process.env;
const databases = subgraphDatabases();
const name = environment["SUBGRAPH"] ?? "";
if (!databases.includes(name)) throw new Error(`Set SUBGRAPH to one of ${databases.join(", ")}.`);

const target = join(PRISMA_FOLDER, "../.cache/prisma", name);
rmSync(target, { recursive: true, force: true });
const write = (path: string, text: string): void => {
  const file = join(target, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
};
write("schema.prisma", await readDatamodel(name));
const { folder, shared } = migrationsOf(name);
const { list } = await readMigrations(folder, shared);
write("migrations/migration_lock.toml", list.lockfile.content ?? "");
for (const { path, migrationFile } of list.migrationDirectories) {
  if (migrationFile.content.tag === "ok") write(`migrations/${path}/migration.sql`, migrationFile.content.value);
}

export default defineConfig({
  schema: join(target, "schema.prisma"),
  migrations: { path: join(target, "migrations") },
  datasource: { url: environment[`${name.toUpperCase()}_DATABASE_OWNER_URL`] ?? "" },
});
