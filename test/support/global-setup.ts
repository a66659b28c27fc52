// Starts the services of one Vitest project. Under `npm test` they run already and this finds them in the environment;
// it matters for a direct `vitest run --project integration`.
import type { TestProject } from "vitest/node";
import { servicesOf } from "../projects.ts";
import { ensureServices } from "./services/ensure-services.ts";

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const services = await ensureServices(servicesOf(project.name));
  if (services.missing.size > 0) {
    await services.stop();
    throw new Error([`${project.name} tests cannot run`, ...services.missing.values()].join("\n"));
  }
  return () => services.stop();
}
