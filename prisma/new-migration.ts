/** `npm run db:new -- <subgraph> <name>`: writes the migration that brings the database to its schema.prisma. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CLIENTS, PRISMA_FOLDER } from "./generate-client.ts";
import { schemaDiff } from "./schema-diff.ts";
import { withScratchDatabases } from "./scratch-database.ts";

const [wanted, title] = process.argv.slice(2);
const name = CLIENTS.find((client) => client === wanted);
if (name === undefined || title === undefined || !/^[a-z0-9_]+$/.test(title)) {
  process.stderr.write(`usage: npm run db:new -- <${CLIENTS.join("|")}> <name_in_snake_case>\n`);
  process.exit(2);
}
const folder = join(PRISMA_FOLDER, name);
const sql = await withScratchDatabases([name], async (urls) => {
  const url = urls.get(name);
  return url === undefined ? "" : schemaDiff(url, join(folder, "schema.prisma"));
});
if (sql === "") {
  process.stdout.write(`prisma/${name}: the migrations already produce the schema\n`);
} else {
  const timestamp = new Date().toISOString().replaceAll(/[-:T]/g, "").slice(0, 14);
  const target = join(folder, "migrations", `${timestamp}_${title}`, "migration.sql");
  await mkdir(join(target, ".."), { recursive: true });
  await writeFile(target, sql);
  process.stdout.write(
    `${target} written. A new table with a tenant also needs: tenant_id, ENABLE and FORCE ROW LEVEL SECURITY, the policy "tenant", and grants to tributary_${name}_app.\n`,
  );
}
