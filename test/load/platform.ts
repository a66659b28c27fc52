// `npm run load -- platform`: reads and writes through all three subgraphs, Postgres, Redis and Kafka on a distributed
// platform of its own; a few organisations are asked for most, as everywhere (Zipf), and some clients follow events
// live.
import { mkdir, rename } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Stack, temporaryFolder } from "../support/stack/stack.ts";
import { startDistributedStack } from "./distributed-stack.ts";
import { type MixedLoad, type MixedWorld, runMixedLoad } from "./mixed-load.ts";
import { type PlatformOutcome, printPlatformReport } from "./platform/platform-report.ts";
import { createServerProcesses, figuresFile, processNames } from "./platform/server-processes.ts";
import { stampede } from "./platform/stampede.ts";
import { probeSettings } from "./server-figures.ts";
import { createZipf } from "./zipf.ts";

const FRESH_EACH = 2;
const SUBSCRIBERS = 20;
/**
 * Compilers, plan caches and pools do their work before the measurement, and caches fill, as in a platform that has run
 * for a while.
 */
const WARM_UP = { perSecond: 150, seconds: 20 };
const ZIPF_EXPONENT = 1;

const OPTIONS = {
  rate: { type: "string", default: "300" },
  seconds: { type: "string", default: "60" },
  tenants: { type: "string", default: "60" },
  // As in workload B, "read mostly", of Cooper et al., Benchmarking Cloud Serving Systems with YCSB (2010).
  writes: { type: "string", default: "0.05" },
  profile: { type: "string" },
} as const;

/**
 * @param programArguments `--rate` per second, `--seconds`, `--tenants`, `--writes` as a share, `--profile` FOLDER for
 * a CPU profile of each process
 */
export async function platform(programArguments: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...programArguments], options: OPTIONS });
  const load = {
    rate: Number(values.rate),
    seconds: Number(values.seconds),
    tenants: Number(values.tenants),
    writes: Number(values.writes),
  };
  const folder = await temporaryFolder();
  const profiles = values.profile === undefined ? undefined : resolve(values.profile);
  const profileFile = profiles === undefined ? undefined : join(folder.path, "{pid}.cpuprofile");
  const stack = await startDistributedStack({
    settings: {
      NODE_ENV: "production",
      LOG_LEVEL: "warn",
      ...probeSettings(figuresFile(folder.path), profileFile),
    },
  });
  try {
    const outcome = await measure(stack, folder.path, load);
    if (profiles !== undefined) await keepProfiles(stack, folder.path, profiles);
    return printPlatformReport(outcome);
  } finally {
    await stack.stop();
    await folder.remove();
  }
}

interface LoadSize {
  /** Requests per second. */
  readonly rate: number;
  readonly seconds: number;
  readonly tenants: number;
  /** Share of the requests that change something. */
  readonly writes: number;
}

async function measure(
  stack: Stack,
  folder: string,
  { rate, seconds, tenants, writes }: LoadSize,
): Promise<PlatformOutcome> {
  const processes = createServerProcesses(stack, folder);
  let figures: Pick<PlatformOutcome, "servers" | "caches" | "stampede"> | undefined;
  let before: PlatformOutcome["caches"][0] = new Map();
  const load: MixedLoad = {
    platform: stack,
    socketUrl: stack.socketUrl,
    tenants,
    freshEach: FRESH_EACH,
    subscribers: SUBSCRIBERS,
    warmUp: WARM_UP,
    rate: { perSecond: rate, seconds },
    // The last one is nobody's: the stampede needs somebody of whom no cache knows.
    mix: { choose: createZipf(tenants - 1, ZIPF_EXPONENT), writes },
    async begin() {
      before = await processes.caches();
      processes.begin();
    },
    async end(world: MixedWorld) {
      const servers = await processes.end();
      const caches = [before, await processes.caches()] as const;
      const cold = world.population.tenants.at(-1);
      if (cold === undefined) throw new Error("there is nobody whose things are cold");
      figures = { servers, caches, stampede: await stampede(world, cold, processes) };
    },
  };
  const outcome = await runMixedLoad(load);
  if (figures === undefined) throw new Error("the measurement did not end");
  return { ...outcome, ...figures };
}

async function keepProfiles(stack: Stack, from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of processNames(stack)) {
    await rename(join(from, `${stack.processOf(name).current().pid}.cpuprofile`), join(to, `${name}.cpuprofile`));
  }
}
