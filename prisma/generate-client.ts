/**
 * Writes a generated Prisma client without the native schema engine, which `prisma generate` demands but does not use.
 */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { printRawRows } from "./print-raw-rows.ts";
import { PRISMA_FOLDER, readDatamodel } from "./subgraph-databases.ts";

const run = promisify(execFile);

export interface ClientSource {
  readonly subgraph: string;
  /** Where the schemas are read; default: this folder. */
  readonly folder?: string;
}

/**
 * Writes a subgraph's client and the checks of its raw rows below `target`.
 * @returns the folder of the generated files, as the shared schema names it
 */
export async function generateClient({ subgraph, folder }: ClientSource, target: string): Promise<string> {
  const datamodel = await readDatamodel(subgraph, folder);
  await mkdir(target, { recursive: true });
  const schemaFile = join(target, "schema.prisma");
  await writeFile(schemaFile, datamodel);
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
  const generated = join(target, "generated");
  await writeFile(join(generated, "raw-rows.ts"), printRawRows(datamodel));
  return generated;
}
