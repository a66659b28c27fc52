/** `npm run db:new -- <subgraph> <name>`: writes the migration that brings the database to its schema.prisma. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { schemaDiff } from "./schema-diff.ts";
import { withScratchDatabases } from "./scratch-database.ts";
import { PRISMA_FOLDER, readDatamodel, subgraphDatabases } from "./subgraph-databases.ts";

const [wanted, title] = process.argv.slice(2);
const databases = subgraphDatabases();
const name = databases.find((database) => database === wanted);
if (name === undefined || title === undefined || !/^[a-z0-9_]+$/.test(title)) {
  process.stderr.write(`usage: npm run db:new -- <${databases.join("|")}> <name_in_snake_case>\n`);
  process.exitCode = 2;
} else {
  try {
    process.stdout.write(`${await writeMigration(name, title)}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

async function writeMigration(database: string, suffix: string): Promise<string> {
  const folder = join(PRISMA_FOLDER, database);
  const sql = await withScratchDatabases([database], async (urls) => {
    const url = urls.get(database);
    return url === undefined ? "" : schemaDiff(url, await readDatamodel(database));
  });
  if (sql === "") return `prisma/${database}: the migrations already produce the schema`;
  const timestamp = new Date().toISOString().replaceAll(/[-:T]/g, "").slice(0, 14);
  const target = join(folder, "migrations", `${timestamp}_${suffix}`);
  await mkdir(target, { recursive: true });
  await writeFile(join(target, "migration.sql"), sql);
  return `${target}/migration.sql written. A new table with a tenant also needs: tenant_id, ENABLE and FORCE ROW LEVEL SECURITY, the policy "tenant", and grants to tributary_${database}_app.`;
}
