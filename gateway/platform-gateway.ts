/** The gateway as one process of the distributed platform: subgraphs over HTTP, events from the shared log. */
import { existsSync } from "node:fs";
import { z } from "zod";
import { createHttpTokenService } from "../platform/auth/http-token-service.ts";
import { createIdentitySigner } from "../platform/auth/identity-header.ts";
import { createRedisCache } from "../platform/cache/redis-cache.ts";
import { systemClock } from "../platform/clock.ts";
import { type Environment, parseConfig } from "../platform/config/parse-config.ts";
import { queryService } from "../platform/discovery/query-service.ts";
import { createServiceAddresses } from "../platform/discovery/service-addresses.ts";
import { createServiceDirectory, type ServiceDirectory } from "../platform/discovery/service-directory.ts";
import { forwardDocuments } from "../platform/documents/document-forwarding.ts";
import { createEventLog } from "../platform/events/create-event-log.ts";
import { type ListedSubgraph, sessionIssuer } from "../platform/graphql/subgraph-definition.ts";
import { readAddresses } from "../platform/graphql/subgraph-settings.ts";
import { createIdSource } from "../platform/ids.ts";
import type { Logger } from "../platform/logger/logger.ts";
import { createRedisConnection } from "../platform/redis/redis-connection.ts";
import { forwardWebhooks } from "../platform/webhooks/webhook-forwarding.ts";
import { refuseForgottenSubgraphs } from "./composition/known-subgraphs.ts";
import { platformSettings } from "./configuration/platform-settings.ts";
import { createGateway, type Gateway } from "./index.ts";
import { createPlatformRooms } from "./platform-rooms.ts";
import type { StandaloneOptions } from "./standalone.ts";
import { createDeliveries } from "./transport/deliveries.ts";
import { createDenialReports } from "./transport/denial-reports.ts";
import { WEB_CLIENT_FOLDER } from "./web-client-folder.ts";

const LISTENER_PING_MS = 10_000;

/** @throws AppError `CONFIG_INVALID` when the supergraph and the subgraphs do not belong together */
export async function addPlatformGateway(
  options: StandaloneOptions,
  subgraphs: readonly ListedSubgraph[],
  environment: Environment,
): Promise<Gateway> {
  const { settings, lifecycle, logger } = options;
  const config = parseConfig(z.object(platformSettings), environment);
  const names = subgraphs.map(({ name }) => name);
  const directory =
    config.REDIS_URL === undefined
      ? undefined
      : openDirectory(config.REDIS_URL, listedServices(subgraphs), config, logger);
  if (directory !== undefined) lifecycle.add(directory.part);
  const eventLog = await createEventLog(config, logger);
  lifecycle.add({ name: "event log", start: () => eventLog.start(), stop: () => eventLog.stop() });
  const addresses = new Map(subgraphs.map((subgraph) => [subgraph.name, readAddresses(subgraph, environment)]));
  const called = new Map(
    [...addresses].map(([name, given]) => [name, createServiceAddresses(name, given, directory)] as const),
  );
  const signer = createIdentitySigner(config.IDENTITY_SECRETS, systemClock);
  const { name: issuer } = sessionIssuer(subgraphs);
  const rooms = createPlatformRooms({
    settings: { ...settings, ...config },
    subgraphs,
    tokenService: createHttpTokenService({
      addresses: called.get(issuer) ?? (() => []),
      audience: issuer,
      signer,
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
  const gateway = await createGateway({
    ...options,
    ...rooms.options,
    urls: new Map([...addresses].map(([name, bases]) => [name, graphql(bases)])),
    knownSubgraphs: new Set([...names, ...rooms.options.endpoints.map(({ name }) => name)]),
    directory,
    webhooks: forwardWebhooks(called),
    deliver: createDeliveries({ signer, addresses: called }),
    documentPages: forwardDocuments(called),
    reportDenial: createDenialReports({ signer, addresses: called, logger }),
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
  refuseForgottenSubgraphs(gateway.schema.current(), names);
  return gateway;
}

/** What processes of the subgraphs are listed as. */
function listedServices(subgraphs: readonly ListedSubgraph[]): readonly string[] {
  return subgraphs.flatMap(({ name, queriesApart }) => (queriesApart ? [name, queryService(name)] : [name]));
}

function openDirectory(
  url: string,
  services: readonly string[],
  settings: { readonly REDIS_PREFIX: string; readonly SERVICE_LEASE_MS: number },
  logger: Logger,
): ServiceDirectory {
  return createServiceDirectory({
    redis: createRedisConnection({ url, name: "tributary-directory", logger }),
    listener: createRedisConnection({ url, name: "tributary-directory-listener", logger, pingMs: LISTENER_PING_MS }),
    prefix: settings.REDIS_PREFIX,
    services,
    leaseMs: settings.SERVICE_LEASE_MS,
    logger,
  });
}
