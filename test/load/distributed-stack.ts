// A distributed platform for a load, with stores of its own.
import { stopProcesses } from "../support/process.ts";
import { type EnsuredServices, ensureServices } from "../support/services/ensure-services.ts";
import type { ServiceName } from "../support/services/plan.ts";
import type { Stack, StackOptions } from "../support/stack/stack.ts";
import { startStack } from "../support/stack/start-stack.ts";

/** @throws Error naming what has to be installed */
export async function requireServices(names: readonly ServiceName[]): Promise<EnsuredServices> {
  const services = await ensureServices(names);
  if (services.missing.size === 0) return services;
  await services.stop();
  throw new Error([...services.missing.values()].join("\n"));
}

/** @throws Error naming what has to be installed */
export async function startDistributedStack(options: StackOptions): Promise<Stack> {
  const services = await requireServices(["postgres", "redis", "kafka"]);
  try {
    const stack = await startStack("distributed", options);
    return {
      ...stack,
      async stop() {
        await stack.stop();
        await services.stop();
      },
    };
  } catch (error) {
    // Those that did become ready.
    await stopProcesses();
    await services.stop();
    throw error;
  }
}
