/** The gateway as one process of the distributed platform: subgraphs over HTTP, events from the shared log. */
import { existsSync } from "node:fs";
import { z } from "zod";
import { createHttpTokenService } from "../platform/auth/http-token-service.ts";
import { createIdentitySigner } from "../platform/auth/identity-header.ts";
import { createRedisCache } from "../platform/cache/redis-cache.ts";
import { systemClock } from "../platform/clock.ts";
import { type Environment, parseConfig } from "../platform/config/parse-config.ts";
import { createServiceAddresses } from "../platform/discovery/service-addresses.ts";
import { createServiceDirectory, type ServiceDirectory } from "../platform/discovery/service-directory.ts";
import { createEventLog } from "../platform/events/create-event-log.ts";
import { createIdSource } from "../platform/ids.ts";
import type { Logger } from "../platform/logger/logger.ts";
import { createRedisConnection } from "../platform/redis/redis-connection.ts";
import { createGateway, type Gateway } from "./index.ts";
import { createPlatformRooms } from "./platform-rooms.ts";
import { platformSettings } from "./platform-settings.ts";
import type { StandaloneOptions } from "./standalone.ts";
import { WEB_CLIENT_FOLDER } from "./web-client-folder.ts";

const SUBGRAPHS = ["user", "billing", "audit"] as const;
const LISTENER_PING_MS = 10_000;

export async function addPlatformGateway(options: StandaloneOptions, environment: Environment): Promise<Gateway> {
  const { settings, lifecycle, logger } = options;
  const config = parseConfig(z.object(platformSettings), environment);
  const directory = config.REDIS_URL === undefined ? undefined : openDirectory(config.REDIS_URL, config, logger);
  if (directory !== undefined) lifecycle.add(directory.part);
  const eventLog = await createEventLog(config, logger);
  lifecycle.add({ name: "event log", start: () => eventLog.start(), stop: () => eventLog.stop() });
  const rooms = createPlatformRooms({
    settings: { ...settings, ...config },
    tokenService: createHttpTokenService({
      addresses: createServiceAddresses("user", settings.USER_SUBGRAPH_URL, directory),
      signer: createIdentitySigner(config.IDENTITY_SECRETS, systemClock),
    }),
    eventLog,
    redis: config.REDIS_URL === undefined ? undefined : { url: config.REDIS_URL, prefix: config.REDIS_PREFIX },
    clock: systemClock,
    ids: createIdSource(systemClock),
    logger,
  });
  for (const part of rooms.parts) lifecycle.add(part);
  const countingRedis =
    config.REDIS_URL === undefined
      ? undefined
      : createRedisConnection({ url: config.REDIS_URL, name: "tributary-limits", logger });
  if (countingRedis !== undefined) {
    lifecycle.add({ name: "limits", start: () => countingRedis.start(), stop: () => countingRedis.stop() });
  }
  const graphql = (bases: readonly string[]) => bases.map((base) => new URL("/graphql", base).href);
  return createGateway({
    ...options,
    ...rooms.options,
    urls: new Map([
      ["user", graphql(settings.USER_SUBGRAPH_URL)],
      ["billing", graphql(settings.BILLING_SUBGRAPH_URL)],
      ["audit", graphql(settings.AUDIT_SUBGRAPH_URL)],
    ]),
    directory,
    ...(countingRedis === undefined
      ? {}
      : {
          counting: { redis: countingRedis, prefix: config.REDIS_PREFIX },
          documents: createRedisCache(countingRedis, {
            namespace: `${config.REDIS_PREFIX}:operations`,
            clock: systemClock,
          }),
        }),
    ...(existsSync(WEB_CLIENT_FOLDER) ? { webClient: WEB_CLIENT_FOLDER } : {}),
    checks: rooms.checks,
  });
}

function openDirectory(
  url: string,
  settings: { readonly REDIS_PREFIX: string; readonly SERVICE_LEASE_MS: number },
  logger: Logger,
): ServiceDirectory {
  return createServiceDirectory({
    redis: createRedisConnection({ url, name: "tributary-directory", logger }),
    listener: createRedisConnection({ url, name: "tributary-directory-listener", logger, pingMs: LISTENER_PING_MS }),
    prefix: settings.REDIS_PREFIX,
    services: SUBGRAPHS,
    leaseMs: settings.SERVICE_LEASE_MS,
    logger,
  });
}
