import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Gate, gates, runGate, type Verdict } from "../../gates.ts";

const root = join(import.meta.dirname, "../../..");

/** A folder that the gates judge like the project's own, with the project's lint configuration; removed on dispose. */
export interface WorkTree extends Disposable {
  readonly directory: string;
  /** Adds or replaces a file. */
  readonly write: (file: string, content: string) => void;
  readonly judge: (gate: Gate["name"]) => Promise<Verdict>;
}

/** A work tree with the files of a committed example, or an empty one. */
export const openWorkTree = (example?: string): WorkTree => {
  const directory = mkdtempSync(join(tmpdir(), "tributary-gate-"));
  for (const file of ["biome.json", ".gitignore", "lint-rules"]) {
    cpSync(join(root, file), join(directory, file), { recursive: true });
  }
  if (example !== undefined) cpSync(join(root, "test/negative", example), directory, { recursive: true });
  return {
    directory,
    write: (file, content) => {
      mkdirSync(dirname(join(directory, file)), { recursive: true });
      writeFileSync(join(directory, file), content);
    },
    judge: async (name) => {
      const gate = gates.find((candidate) => candidate.name === name);
      if (gate === undefined) throw new Error(`There is no gate ${name}`);
      return runGate(gate, directory);
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
};
