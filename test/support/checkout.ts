// A copy of this checkout that a test may change: files are added or removed, its programs run there.
import { spawn } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { PROJECT_ROOT } from "./stack/stack.ts";

/** What a clone would not hold, or what needs no copy. */
const LEFT_OUT = new Set(["node_modules", ".git", ".cache", ".data", "test-results"]);

export interface Checkout extends AsyncDisposable {
  readonly root: string;
  /** Lays the files of a folder of this checkout over those of the copy. */
  add(folder: string): Promise<void>;
  remove(...paths: readonly string[]): Promise<void>;
  write(path: string, content: string): Promise<void>;
  /** Runs one of its programs to its end. */
  run(
    entry: string,
    ...entryArguments: readonly string[]
  ): Promise<{ readonly code: number | null; readonly output: string }>;
}

/** @param from a checkout; default: this one */
export async function copyCheckout(from: string = PROJECT_ROOT): Promise<Checkout> {
  const root = await mkdtemp(join(tmpdir(), "tributary-checkout-"));
  await cp(from, root, {
    recursive: true,
    filter: (source) => !LEFT_OUT.has(relative(from, source)),
  });
  await symlink(join(PROJECT_ROOT, "node_modules"), join(root, "node_modules"));
  return {
    root,
    add: (folder) => cp(join(PROJECT_ROOT, folder), root, { recursive: true }),
    async remove(...paths) {
      for (const path of paths) await rm(join(root, path), { recursive: true });
    },
    write: (path, content) => writeFile(join(root, path), content),
    run: (entry, ...entryArguments) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [join(root, entry), ...entryArguments], { cwd: root });
        let output = "";
        const keep = (chunk: Buffer): void => {
          output += chunk.toString("utf8");
        };
        child.stdout.on("data", keep);
        child.stderr.on("data", keep);
        child.on("error", reject);
        child.on("close", (code) => resolve({ code, output }));
      }),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}
