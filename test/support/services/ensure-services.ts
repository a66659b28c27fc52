// Makes services available to the tests of this run. Their addresses go into the environment variables of
// SERVICE_VARIABLES, which test workers inherit; so a second call in the same run finds what the first one started and
// starts nothing.

import { CHROMIUM_PROGRAMS } from "./chromium.ts";
import { installDebianPackages } from "./debian-packages.ts";
import { discoverFacts } from "./discover.ts";
import { startInDocker } from "./docker.ts";
import { findProgram } from "./find-program.ts";
import { startKafka } from "./kafka.ts";
import { type Facts, type Plan, planService, SERVICE_VARIABLES, type ServiceName } from "./plan.ts";
import { startPostgres } from "./postgres.ts";
import { startRedis } from "./redis.ts";

export interface EnsuredServices {
  /** One line for each service that cannot be had, saying what to install. */
  readonly missing: ReadonlyMap<ServiceName, string>;
  /** Where each available service came from and how long that took, for the log. */
  readonly started: readonly string[];
  /** Ends what this call started, nothing else. Idempotent. */
  stop(): Promise<void>;
}

interface Running {
  readonly address: string;
  readonly stop?: () => Promise<void>;
}

/** Finds, installs and starts the services; never throws for one that cannot be had. */
export async function ensureServices(names: readonly ServiceName[]): Promise<EnsuredServices> {
  const missing = new Map<ServiceName, string>();
  const started: string[] = [];
  const running: { readonly variable: string; readonly stop: () => Promise<void> }[] = [];
  const plans = await plansAfterInstalling(names, await discoverFacts());
  await Promise.all(
    plans.map(async ([service, plan]) => {
      const since = performance.now();
      try {
        const { address, stop } = await start(service, plan);
        const variable = SERVICE_VARIABLES[service];
        process.env[variable] = address;
        if (stop !== undefined) running.push({ variable, stop });
        started.push(`${service}: ${plan.from}, ${Math.round(performance.now() - since)} ms`);
      } catch (error) {
        const message = messageOf(error);
        missing.set(service, message.startsWith(`${service}: `) ? message : `${service}: ${message}`);
      }
    }),
  );
  let stopping: Promise<void> | undefined;
  return {
    missing,
    started,
    stop() {
      stopping ??= stopAll(running);
      return stopping;
    },
  };
}

/**
 * Installs in one go what can be installed, then plans again from the new facts: a package may still be unfit (an old
 * Java).
 */
async function plansAfterInstalling(
  names: readonly ServiceName[],
  facts: Facts,
): Promise<readonly (readonly [ServiceName, Plan])[]> {
  const plan = (facts: Facts) => names.map((name) => [name, planService(name, facts)] as const);
  const packages = plan(facts).flatMap(([, { from, ...rest }]) => ("packages" in rest ? rest.packages : []));
  if (packages.length === 0) return plan(facts);
  try {
    await installDebianPackages(packages);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
  }
  return plan({ ...(await discoverFacts()), canInstall: false });
}

async function start(service: ServiceName, plan: Plan): Promise<Running> {
  if (plan.from === "environment") return { address: plan.address };
  if (plan.from === "nowhere") throw new Error(plan.reason);
  if (plan.from === "install") throw new Error(`${service}: still not installed`);
  if (plan.from === "docker") {
    if (service === "chromium") throw new Error("chromium: not in deploy/compose.yaml");
    return startInDocker(service);
  }
  switch (service) {
    case "postgres": {
      const server = await startPostgres();
      return { address: server.adminUrl, stop: () => server.stop() };
    }
    case "redis": {
      const server = await startRedis();
      return { address: server.url, stop: () => server.stop() };
    }
    case "kafka": {
      const broker = await startKafka();
      return { address: broker.brokers, stop: () => broker.stop() };
    }
    case "chromium": {
      const path = await findProgram(CHROMIUM_PROGRAMS);
      if (path === undefined) throw new Error("chromium: not on the search path");
      return { address: path };
    }
  }
}

async function stopAll(
  running: readonly { readonly variable: string; readonly stop: () => Promise<void> }[],
): Promise<void> {
  for (const { variable } of running) delete process.env[variable];
  const results = await Promise.allSettled(running.map(({ stop }) => stop()));
  const failures = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  if (failures.length > 0) throw new AggregateError(failures, "some test services did not stop");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
