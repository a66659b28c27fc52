/** A server process in the registry: nothing to do without Redis. */
import { hostname } from "node:os";
import type { Clock } from "../clock.ts";
import type { IdSource } from "../ids.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { Logger } from "../logger/logger.ts";
import { createRedisConnection } from "../redis/redis-connection.ts";
import { createServiceRegistration } from "./service-registration.ts";

/** Its settings, as `registrationSettings` and `redisSettings` describe them. */
export interface RegisteredProcessSettings {
  readonly HOST: string;
  readonly PROCESS_RELEASE: string;
  readonly REDIS_URL?: string | undefined;
  readonly REDIS_PREFIX: string;
  readonly SERVICE_LEASE_MS: number;
  readonly SUBGRAPH_ADVERTISED_URL?: string | undefined;
}

export interface RegisterProcessOptions {
  readonly service: string;
  readonly settings: RegisteredProcessSettings;
  readonly lifecycle: Lifecycle;
  /** Known when the server has started. */
  readonly port: () => number;
  readonly ready: () => Promise<boolean>;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
}

/** Call it after the server was added to the lifecycle. */
export function registerProcess(options: RegisterProcessOptions): void {
  const { service, settings, lifecycle, port, ready, clock, ids, logger } = options;
  if (settings.REDIS_URL === undefined) return;
  const redis = createRedisConnection({ url: settings.REDIS_URL, name: `tributary-${service}-registration`, logger });
  lifecycle.add(
    createServiceRegistration({
      redis,
      prefix: settings.REDIS_PREFIX,
      instance: () => ({
        service,
        id: ids.uuid(),
        url: new URL(settings.SUBGRAPH_ADVERTISED_URL ?? ownUrl(settings.HOST, port())).origin,
        release: settings.PROCESS_RELEASE,
        since: clock.now().getTime(),
      }),
      ready,
      leaseMs: settings.SERVICE_LEASE_MS,
      clock,
      logger,
    }),
  );
}

/** Who listens on every address is reached by the host's name. */
function ownUrl(host: string, port: number): string {
  const name = host === "0.0.0.0" || host === "::" ? hostname() : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
