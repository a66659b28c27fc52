// What a test asks for the address of a shared service of this run.
import { SERVICE_VARIABLES, type ServiceName } from "./plan.ts";

/**
 * Superuser URL of Postgres, URL of Redis, `host:port,…` of Kafka, path of Chromium. Throws when the suite's project
 * does not ask for it.
 */
export function serviceAddress(service: ServiceName): string {
  const address = process.env[SERVICE_VARIABLES[service]];
  if (address === undefined || address === "") {
    throw new Error(
      `${service} is not available here: set ${SERVICE_VARIABLES[service]}, or run the test in a project that needs it (test/projects.ts)`,
    );
  }
  return address;
}
