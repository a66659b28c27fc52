// Installs what is missing as Debian packages: one `apt-get update` and one `apt-get install` per test run, as root
// only.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { DebianPackage } from "./plan.ts";

const run = promisify(execFile);
const APT = ["-q", "-y", "-o", "DPkg::Lock::Timeout=120"];
const ENV = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };

/** Throws with the end of apt-get's output when a package cannot be installed. */
export async function installDebianPackages(wanted: readonly DebianPackage[]): Promise<void> {
  await aptGet("update");
  const packages = new Set(await Promise.all(wanted.map(firstThatExists)));
  process.stderr.write(`Installing ${[...packages].join(", ")}\n`);
  await aptGet("install", "--no-install-recommends", ...packages);
}

async function aptGet(...programArguments: readonly string[]): Promise<void> {
  try {
    await run("apt-get", [...APT, ...programArguments], { env: ENV, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const said = error instanceof Error ? error.message.trim().split("\n").slice(-3).join(" ") : String(error);
    throw new Error(`apt-get ${programArguments.join(" ")} failed: ${said}`, { cause: error });
  }
}

async function firstThatExists(wanted: DebianPackage): Promise<string> {
  const names = typeof wanted === "string" ? [wanted] : wanted;
  for (const name of names) {
    const isAvailable = await run("apt-cache", ["show", name]).then(
      ({ stdout }) => stdout !== "",
      () => false,
    );
    if (isAvailable) return name;
  }
  throw new Error(`no Debian package ${names.join(" or ")}`);
}
