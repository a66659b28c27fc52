/**
 * Which databases there are: one for each folder here that holds a `schema.prisma`. What all of them hold alike stands
 * in `shared/`.
 */
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SharedMigrations } from "./migration-folder.ts";

/** This folder. */
export const PRISMA_FOLDER = dirname(fileURLToPath(import.meta.url));

/** The event log's own: no subgraph's, hence without an outbox and a role that empties it. */
export const EVENTS_DATABASE = "events";

const SHARED = "shared";
const DATAMODEL = "schema.prisma";

/** Names of the subgraphs that have a database, in alphabetical order. */
export function subgraphDatabases(folder: string = PRISMA_FOLDER): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, DATAMODEL)))
    .map(({ name }) => name)
    .filter((name) => name !== SHARED && name !== EVENTS_DATABASE)
    .sort();
}

/** The Prisma schema of a subgraph's database: what all have, and its own models. */
export async function readDatamodel(subgraph: string, folder: string = PRISMA_FOLDER): Promise<string> {
  const [shared, own] = await Promise.all(
    [SHARED, subgraph].map((name) => readFile(join(folder, name, DATAMODEL), "utf8")),
  );
  return `${shared}\n${own}`;
}

/** Where the migrations of a database stand. */
export function migrationsOf(
  database: string,
  folder: string = PRISMA_FOLDER,
): { readonly folder: string; readonly shared?: SharedMigrations } {
  const own = join(folder, database, "migrations");
  if (database === EVENTS_DATABASE) return { folder: own };
  return { folder: own, shared: { folder: join(folder, SHARED, "migrations"), subgraph: database } };
}
