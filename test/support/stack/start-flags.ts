// What Node is given by an npm script: a stack of the tests is what a user starts.
import { readFile } from "node:fs/promises";

export async function startFlags(script: "start" | "start:gateway"): Promise<string[]> {
  const manifest: { scripts: Record<typeof script, string> } = JSON.parse(await readFile("package.json", "utf8"));
  return manifest.scripts[script].split(" ").filter((word) => word.startsWith("--"));
}
