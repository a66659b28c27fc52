/**
 * Builds the web client when its sources changed since the last build. Guarantees that what is served belongs to the
 * sources, or says so: after a failed build the previous one is kept.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "../../platform/logger/logger.ts";
import { WEB_CLIENT_FOLDER, WEB_CLIENT_SOURCE } from "../web-client-folder.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const STAMP = ".stamp";

/** Files outside the client's folder that go into the build. */
const SHARED = ["schema/generated/operations.ts", "schema/constraints.ts", "package-lock.json"];

/** @returns the folder to serve, or undefined when there is no web client */
export async function prepareWebClient(logger: Logger): Promise<string | undefined> {
  if (!existsSync(join(WEB_CLIENT_SOURCE, "index.html"))) return undefined;
  const wanted = await hashSources();
  const built = await readFile(join(WEB_CLIENT_FOLDER, STAMP), "utf8").catch(() => undefined);
  if (built === wanted) return WEB_CLIENT_FOLDER;
  logger.info("building the web client");
  // Built aside and moved as a whole: a crash, or another platform that builds at the same time, leaves no mixture.
  const draft = join(ROOT, ".cache", `web-client-${process.pid}`);
  const problem = await build(draft);
  if (problem === undefined) {
    await writeFile(join(draft, STAMP), wanted);
    await replaceFolder(WEB_CLIENT_FOLDER, draft);
    return WEB_CLIENT_FOLDER;
  }
  await rm(draft, { recursive: true, force: true });
  logger.error({ problem }, "the web client could not be built: run `npx vite build web-client` to see why");
  return existsSync(join(WEB_CLIENT_FOLDER, "index.html")) ? WEB_CLIENT_FOLDER : undefined;
}

async function replaceFolder(folder: string, draft: string): Promise<void> {
  const old = `${draft}-old`;
  await rename(folder, old).catch(() => undefined);
  await rename(draft, folder).catch(async (error: unknown) => {
    await rm(draft, { recursive: true, force: true });
    // Another platform was faster with the same sources.
    if (!existsSync(join(folder, "index.html"))) throw error;
  });
  await rm(old, { recursive: true, force: true });
}

async function hashSources(): Promise<string> {
  const entries = await readdir(WEB_CLIENT_SOURCE, { recursive: true, withFileTypes: true });
  const own = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(WEB_CLIENT_FOLDER) && !file.includes("node_modules"));
  const hash = createHash("sha256");
  for (const file of [...own.sort(), ...SHARED.map((name) => join(ROOT, name))]) {
    hash.update(file.slice(ROOT.length)).update("\0");
    hash.update(await readFile(file).catch(() => "")).update("\0");
  }
  return hash.digest("hex");
}

/**
 * In a process of its own: the bundler would cost this one memory for as long as it runs. Resolves to what went wrong.
 */
function build(folder: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const vite = join(ROOT, "node_modules/vite/bin/vite.js");
    const child = spawn(
      process.execPath,
      [vite, "build", WEB_CLIENT_SOURCE, "--outDir", folder, "--emptyOutDir", "--logLevel", "error"],
      {
        cwd: ROOT,
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let output = "";
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-2_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code) => resolve(code === 0 ? undefined : output || `vite ended with code ${code}`));
  });
}
