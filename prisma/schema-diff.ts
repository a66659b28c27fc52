/** The SQL between what migrations produce and what a schema.prisma says. */
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { openEngine } from "./schema-engine.ts";

/** What the engine prints when there is nothing to do. */
const EMPTY = "-- This is an empty migration.";

/**
 * @param url a database to which all migrations have been applied
 * @returns the statements that would bring it to the schema; empty when they agree
 */
export async function schemaDiff(url: string, schemaFile: string): Promise<string> {
  const content = await readFile(schemaFile, "utf8");
  const files = [{ path: schemaFile, content }];
  const session = await openEngine(url, [[schemaFile, content]]);
  try {
    const { stdout } = await session.engine.diff({
      from: { tag: "schemaDatasource", files, configDir: dirname(schemaFile) },
      to: { tag: "schemaDatamodel", files },
      script: true,
      exitCode: null,
      filters: { externalTables: ["public._prisma_migrations"], externalEnums: [] },
    });
    return stdout === null || stdout.trim() === EMPTY ? "" : stdout;
  } finally {
    await session.close();
  }
}
