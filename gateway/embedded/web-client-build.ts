/**
 * Builds the web client when its sources changed since the last build. Guarantees that what is served belongs to the sources, or says
 * so: after a failed build the previous one is kept.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "../../platform/logger/logger.ts";
import { WEB_CLIENT_FOLDER, WEB_CLIENT_SOURCE } from "../web-client-folder.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const STAMP = join(WEB_CLIENT_FOLDER, ".stamp");

/** Files outside the client's folder that go into the build. */
const SHARED = ["schema/generated/operations.ts", "package-lock.json"];

/** @returns the folder to serve, or undefined when there is no web client */
export async function prepareWebClient(logger: Logger): Promise<string | undefined> {
  if (!existsSync(join(WEB_CLIENT_SOURCE, "index.html"))) return undefined;
  const wanted = await hashSources();
  const built = await readFile(STAMP, "utf8").catch(() => undefined);
  if (built === wanted) return WEB_CLIENT_FOLDER;
  logger.info("building the web client");
  const problem = await build();
  if (problem === undefined) {
    await writeFile(STAMP, wanted);
    return WEB_CLIENT_FOLDER;
  }
  logger.error({ problem }, "the web client could not be built: run `npx vite build web-client` to see why");
  return existsSync(join(WEB_CLIENT_FOLDER, "index.html")) ? WEB_CLIENT_FOLDER : undefined;
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

/** In a process of its own: the bundler would cost this one memory for as long as it runs. Resolves to what went wrong. */
function build(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const vite = join(ROOT, "node_modules/vite/bin/vite.js");
    const child = spawn(process.execPath, [vite, "build", WEB_CLIENT_SOURCE, "--logLevel", "error"], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
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
