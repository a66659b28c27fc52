// The broker's jars: resolved once by Maven from the committed pom into .cache/kafka/<version>/, reused by every later
// run.
import { execFile } from "node:child_process";
import { access, mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const POM = fileURLToPath(new URL("./kafka/pom.xml", import.meta.url));

/** The oldest Java that runs a Kafka 4 broker. */
export const JAVA_MINIMUM = 17;

/** The Kafka version of the committed pom. */
async function kafkaVersion(): Promise<string> {
  const version = /<kafka\.version>([^<]+)</.exec(await readFile(POM, "utf8"))?.[1];
  if (version === undefined) throw new Error(`no kafka.version in ${POM}`);
  return version;
}

/** The folder of jars when they are complete, else undefined. */
export async function cachedJars(): Promise<string | undefined> {
  const version = await kafkaVersion();
  const folder = join(ROOT, ".cache/kafka", version);
  return (await exists(join(folder, `kafka_2.13-${version}.jar`))) ? folder : undefined;
}

/**
 * The folder of jars, resolved by Maven when it is not there yet. Two runs at once both resolve into a folder of their
 * own. The first to finish gives its folder the final name, so that a folder of that name is always complete.
 */
export async function kafkaJars(): Promise<string> {
  const cached = await cachedJars();
  if (cached !== undefined) return cached;
  const folder = join(ROOT, ".cache/kafka", await kafkaVersion());
  const partial = `${folder}.partial-${process.pid}`;
  await mkdir(dirname(folder), { recursive: true });
  try {
    const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
    await run("mvn", ["-q", "-B", "-f", POM, goal, "-DincludeScope=runtime", `-DoutputDirectory=${partial}`]);
    await rename(partial, folder).catch(async (error) => {
      if ((await cachedJars()) === undefined) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return folder;
}

/** The path of a Java that is new enough, from JAVA_HOME or the search path, else undefined. */
export async function findJava(): Promise<string | undefined> {
  const home = process.env["JAVA_HOME"];
  for (const java of [...(home ? [join(home, "bin/java")] : []), "java"]) {
    const major = await javaMajor(java);
    if (major !== undefined && major >= JAVA_MINIMUM) return java;
  }
  return undefined;
}

async function javaMajor(java: string): Promise<number | undefined> {
  try {
    const { stderr, stdout } = await run(java, ["-version"]);
    const major = /version "(\d+)/.exec(`${stderr}${stdout}`)?.[1];
    return major === undefined ? undefined : Number(major);
  } catch {
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
