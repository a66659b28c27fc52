/**
 * Settings of the embedded platform: those that a person gave, checked before anything starts, and those that follow
 * from the start itself.
 */
import { z } from "zod";
import { accessTokenSettings } from "../../platform/auth/access-token-settings.ts";
import { cacheSettings } from "../../platform/config/cache-settings.ts";
import { type Environment, parseConfig } from "../../platform/config/parse-config.ts";
import {
  commonSettings,
  embeddedSettings,
  eventLogSettings,
  gatewaySettings,
  identitySettings,
} from "../../platform/config/settings.ts";
import { AppError } from "../../platform/errors/app-error.ts";
import type { EmbeddedEnvironment, ListedSubgraph } from "../../platform/graphql/subgraph-definition.ts";
import { freePort, isPortFree } from "../../prisma/free-port.ts";
import { checkStopTimes } from "../configuration/stop-times.ts";
import type { EmbeddedSecrets } from "./secrets.ts";

const ownSettings = {
  ...commonSettings,
  ...identitySettings,
  ...accessTokenSettings,
  ...eventLogSettings,
  ...cacheSettings,
  ...gatewaySettings,
  ...embeddedSettings,
};
const schema = z.object(ownSettings);

export type EmbeddedSettings = z.infer<typeof schema> & { readonly GATEWAY_PUBLIC_URL?: string | undefined };

/** What only the running parts know. */
const PLACEHOLDERS = { IDENTITY_SECRETS: "placeholder".repeat(3), CURSOR_SECRET: "placeholder".repeat(3) };
const NOWHERE: EmbeddedEnvironment = { dataDir: "", publicUrl: "http://embedded", smtpUrl: "smtp://embedded" };

/**
 * Checks every value that a person gave, for the gateway and for each subgraph, before anything starts.
 * @throws AppError `CONFIG_INVALID` listing all that is wrong
 */
export function readSettings(subgraphs: readonly ListedSubgraph[], environment: Environment): EmbeddedSettings {
  const given = { ...environment, ...PLACEHOLDERS, EVENT_LOG: "postgres" };
  const settingsOfSubgraphs = Object.fromEntries(subgraphs.flatMap(({ settings }) => Object.entries(settings)));
  const placed = Object.fromEntries(subgraphs.flatMap(({ embedded }) => Object.entries(embedded(NOWHERE, given))));
  parseConfig(z.object({ ...settingsOfSubgraphs, ...ownSettings }), { ...given, ...placed });
  const settings = parseConfig(schema, given);
  checkStopTimes(settings);
  return settings;
}

/** The environment as a subgraph reads it. Nothing is shared with other processes, so no Redis is asked. */
export function subgraphEnvironment(
  subgraph: Pick<ListedSubgraph, "embedded">,
  place: EmbeddedEnvironment,
  environment: Environment,
): Environment {
  return { ...environment, REDIS_URL: undefined, ...subgraph.embedded(place, environment) };
}

export interface CompleteSettings {
  readonly settings: EmbeddedSettings;
  /** Address by which browsers reach the gateway. */
  readonly publicUrl: string;
}

/** @throws AppError `CONFIG_INVALID` when the port is taken */
export async function completeSettings(
  settings: EmbeddedSettings,
  { identitySecret, cursorSecret }: EmbeddedSecrets,
): Promise<CompleteSettings> {
  const port = settings.GATEWAY_PORT === 0 ? await freePort() : settings.GATEWAY_PORT;
  if (!(await isPortFree(port))) {
    throw new AppError(
      "CONFIG_INVALID",
      `Port ${port} is taken by another program: stop it, or set GATEWAY_PORT to a free port.`,
    );
  }
  const publicUrl = settings.GATEWAY_PUBLIC_URL ?? `http://localhost:${port}`;
  return {
    settings: {
      ...settings,
      IDENTITY_SECRETS: [identitySecret],
      CURSOR_SECRET: cursorSecret,
      GATEWAY_PORT: port,
      GATEWAY_PUBLIC_URL: publicUrl,
    },
    publicUrl,
  };
}
