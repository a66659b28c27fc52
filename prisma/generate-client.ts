/** Writes a generated Prisma client without the native schema engine, which `prisma generate` demands but does not use. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { printRawRows } from "./print-raw-rows.ts";

const run = promisify(execFile);

/** Folders of prisma/ that hold a schema.prisma. */
export const CLIENTS = ["user", "billing", "audit"] as const;

/** This folder. */
export const PRISMA_FOLDER = dirname(fileURLToPath(import.meta.url));

/** Writes the client and the checks of raw rows to `generated/` beside the schema file. */
export async function generateClient(schemaFile: string): Promise<void> {
  const cli = join(PRISMA_FOLDER, "..", "node_modules", "prisma", "build", "index.js");
  await run(process.execPath, [cli, "generate", "--no-hints", "--schema", schemaFile], {
    env: {
      PATH: dirname(process.execPath),
      HOME: tmpdir(),
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: "1",
      CHECKPOINT_DISABLE: "1",
    },
  });
  const rawRows = printRawRows(await readFile(schemaFile, "utf8"));
  await writeFile(join(dirname(schemaFile), "generated", "raw-rows.ts"), rawRows);
}
