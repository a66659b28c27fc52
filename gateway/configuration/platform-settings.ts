/**
 * What the platform's gateway is told beside the settings that every gateway has: read by its entry, which checks all
 * of them, and by its wiring.
 */
import { z } from "zod";
import { accessTokenSettings } from "../../platform/auth/access-token-settings.ts";
import { cacheSettings } from "../../platform/config/cache-settings.ts";
import { type Environment, parseConfig } from "../../platform/config/parse-config.ts";
import { registrySettings } from "../../platform/config/service-settings.ts";
import {
  commonSettings,
  eventLogSettings,
  gatewaySettings,
  identitySettings,
  redisSettings,
} from "../../platform/config/settings.ts";
import type { ListedSubgraph } from "../../platform/graphql/subgraph-definition.ts";
import { addressSettings, type SettingShape } from "../../platform/graphql/subgraph-settings.ts";
import { checkStopTimes } from "./stop-times.ts";

export const everyGatewaySettings = { ...commonSettings, ...gatewaySettings };

export const platformSettings = {
  ...identitySettings,
  ...accessTokenSettings,
  ...eventLogSettings,
  ...redisSettings,
  ...cacheSettings,
  ...registrySettings,
};

/** Where subgraphs are called over HTTP. */
export const allAddressSettings = (subgraphs: readonly ListedSubgraph[]): SettingShape =>
  Object.fromEntries(subgraphs.flatMap((subgraph) => Object.entries(addressSettings(subgraph))));

/**
 * Whatever is wrong with any setting of the platform's gateway is said together.
 * @throws AppError `CONFIG_INVALID`
 */
export function checkPlatformSettings(subgraphs: readonly ListedSubgraph[], environment: Environment): void {
  const shape = { ...everyGatewaySettings, ...platformSettings };
  parseConfig(z.object({ ...allAddressSettings(subgraphs), ...shape }), environment);
  checkStopTimes(parseConfig(z.object(shape), environment));
}
