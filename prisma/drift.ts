/** Finds what `npm run db:generate` or a migration has been forgotten for. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateClient } from "./generate-client.ts";
import { schemaDiff } from "./schema-diff.ts";
import { withScratchDatabases } from "./scratch-database.ts";
import { PRISMA_FOLDER, readDatamodel, subgraphDatabases } from "./subgraph-databases.ts";

/** @returns one line per committed client that differs from what its schema generates */
export async function staleClients(folder: string = PRISMA_FOLDER): Promise<string[]> {
  const scratch = await mkdtemp(join(tmpdir(), "tributary-clients-"));
  try {
    const problems: string[] = [];
    for (const name of subgraphDatabases(folder)) {
      const generated = await generateClient({ subgraph: name, folder }, join(scratch, name));
      const [fresh, committed] = await Promise.all([contents(generated), contents(join(folder, name, "generated"))]);
      const files = new Set([...fresh.keys(), ...committed.keys()]);
      const changed = [...files].filter((file) => fresh.get(file) !== committed.get(file)).sort();
      if (changed.length > 0) {
        problems.push(`prisma/${name}/generated is out of date (${changed.join(", ")}): run npm run db:generate`);
      }
    }
    return problems;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * @returns one entry per schema that disagrees with its migrations, with the SQL that is missing. What Prisma cannot
 * express (policies, grants, checks, functions, partial indexes) is not compared.
 */
export async function driftedSchemas(folder: string = PRISMA_FOLDER): Promise<string[]> {
  return withScratchDatabases(subgraphDatabases(), async (urls) => {
    const problems: string[] = [];
    for (const [name, url] of urls) {
      const sql = await schemaDiff(url, await readDatamodel(name, folder));
      if (sql !== "") {
        problems.push(
          `prisma/${name}/schema.prisma says something else than its migrations: run npm run db:new -- ${name} <what-changes>, or correct the schema. Missing:\n${sql}`,
        );
      }
    }
    return problems;
  });
}

async function contents(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  return new Map(
    await Promise.all(
      files.map(async (entry): Promise<[string, string]> => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(folder.length + 1), await readFile(path, "utf8")];
      }),
    ),
  );
}
