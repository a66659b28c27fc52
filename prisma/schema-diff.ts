/** The SQL between what migrations produce and what a schema.prisma says. */
import { openEngine } from "./schema-engine.ts";

/** A name to report under: the text may be made of several files. */
const FILE = "schema.prisma";

/** What the engine prints when there is nothing to do. */
const EMPTY = "-- This is an empty migration.";

/**
 * @param datamodel text of a Prisma schema
 * @param url a database to which all migrations have been applied
 * @returns the statements that would bring it to the schema; empty when they agree
 */
export async function schemaDiff(url: string, datamodel: string): Promise<string> {
  const files = [{ path: FILE, content: datamodel }];
  const session = await openEngine(url, [[FILE, datamodel]]);
  try {
    const { stdout } = await session.engine.diff({
      from: { tag: "schemaDatasource", files, configDir: "." },
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
