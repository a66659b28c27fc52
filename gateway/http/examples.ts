/** The example operations that the explorers start with, one file each, in the order of their names. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const EXAMPLES_FOLDER = fileURLToPath(new URL("../../schema/examples/", import.meta.url));

/** For graphs whose fields nobody knows here. */
export const ANY_GRAPH = "# Press Ctrl+Space for what this graph offers.\nquery Hello {\n  __typename\n}\n";

/** One document with all of them; each operation has its own name. */
export async function readExamples(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".graphql")).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return texts.map((text) => text.trim()).join("\n\n");
}
