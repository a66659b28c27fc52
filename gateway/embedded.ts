/**
 * The whole platform in one process: Postgres, the event log, the mailbox, the three subgraphs and the gateway, by the same factories
 * that the distributed processes use. Needs no other service; its data lives in one folder and survives any kind of death.
 */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { systemClock } from "../platform/clock.ts";
import { cacheSettings } from "../platform/config/cache-settings.ts";
import { type Environment, parseConfig } from "../platform/config/parse-config.ts";
import {
  auditSettings,
  billingSettings,
  commonSettings,
  embeddedSettings,
  eventLogSettings,
  gatewaySettings,
  identitySettings,
  tokenSettings,
  userSettings,
} from "../platform/config/settings.ts";
import { AppError } from "../platform/errors/app-error.ts";
import { loadEventContracts } from "../platform/events/contracts.ts";
import { createPostgresEventLog } from "../platform/events/postgres-event-log.ts";
import type { SubgraphFloor } from "../platform/graphql/subgraph.ts";
import { createIdSource } from "../platform/ids.ts";
import type { Lifecycle } from "../platform/lifecycle/lifecycle.ts";
import type { Logger } from "../platform/logger/logger.ts";
import { registerMailboxRoutes } from "../platform/mail/mailbox-routes.ts";
import { type Mailbox, startMailbox } from "../platform/mail/mailbox-server.ts";
import { freePort, isPortFree } from "../prisma/free-port.ts";
import { createAuditSubgraph } from "../subgraphs/audit/index.ts";
import { createBillingSubgraph, seedPlans } from "../subgraphs/billing/index.ts";
import { createUserSubgraph } from "../subgraphs/user/index.ts";
import { lockDataFolder } from "./embedded/data-folder-lock.ts";
import { type EmbeddedDatabases, startDatabases } from "./embedded/databases.ts";
import { type DemoAccount, prepareDemo } from "./embedded/demo-data.ts";
import { type EmbeddedSecrets, openSecrets } from "./embedded/secrets.ts";
import { prepareWebClient } from "./embedded/web-client-build.ts";
import { createGateway } from "./index.ts";
import { createPlatformRooms } from "./platform-rooms.ts";
import { checkStopTimes } from "./stop-times.ts";

export interface EmbeddedOptions {
  readonly environment: Environment;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
}

export interface EmbeddedPlatform {
  /** Address of the gateway without a path. */
  readonly url: string;
  readonly webClient: boolean;
  /** After start: the demo account, or undefined when none was asked for. */
  demo(): Promise<DemoAccount | undefined>;
}

const settingsSchema = z.object({
  ...commonSettings,
  ...identitySettings,
  ...tokenSettings,
  ...eventLogSettings,
  ...cacheSettings,
  ...gatewaySettings,
  ...userSettings,
  ...billingSettings,
  ...auditSettings,
  ...embeddedSettings,
});
type EmbeddedSettings = z.infer<typeof settingsSchema>;

/**
 * Prepares everything that has to run before the parts can be made, and adds the parts to the lifecycle.
 * @throws AppError `CONFIG_INVALID` with advice; nothing keeps running then
 */
export async function createEmbedded({ environment, lifecycle, logger }: EmbeddedOptions): Promise<EmbeddedPlatform> {
  const dataDir = resolve(readSettings(environment).DATA_DIR);
  await mkdir(dataDir, { recursive: true });
  const lock = await lockDataFolder(dataDir);
  let foundation: Foundation | undefined;
  try {
    const secrets = await openSecrets(dataDir);
    const settings = await completeSettings(environment, secrets, dataDir);
    const laid = await layFoundation(dataDir, secrets, logger);
    foundation = laid;
    lifecycle.add({ name: "data folder", stop: () => lock.release() });
    lifecycle.add({ name: "postgres", stop: () => laid.databases.stop() });
    lifecycle.add({ name: "mailbox", stop: () => laid.mailbox.stop() });
    return await addPlatform({ settings, foundation: laid, lifecycle, logger, dataDir });
  } catch (error) {
    await foundation?.mailbox.stop();
    await foundation?.databases.stop();
    await lock.release();
    throw error;
  }
}

/**
 * Checks every value that a person gave before anything starts; what only the running parts know is a placeholder.
 * @throws AppError `CONFIG_INVALID` listing all that is wrong
 */
export function readSettings(environment: Environment): EmbeddedSettings {
  const database = "postgresql://embedded";
  const secret = "placeholder".repeat(3);
  const settings = parseConfig(settingsSchema, {
    ...environment,
    IDENTITY_SECRETS: secret,
    CURSOR_SECRET: secret,
    EVENT_LOG: "postgres",
    SMTP_URL: "smtp://embedded",
    USER_DATABASE_URL: database,
    USER_RELAY_DATABASE_URL: database,
    BILLING_DATABASE_URL: database,
    BILLING_RELAY_DATABASE_URL: database,
    AUDIT_DATABASE_URL: database,
    AUDIT_RELAY_DATABASE_URL: database,
  });
  checkStopTimes(settings);
  return settings;
}

async function completeSettings(
  environment: Environment,
  secrets: EmbeddedSecrets,
  dataDir: string,
): Promise<EmbeddedSettings> {
  const settings = {
    ...readSettings(environment),
    IDENTITY_SECRETS: [secrets.identitySecret],
    CURSOR_SECRET: secrets.cursorSecret,
    SIGNING_KEY_FILE: join(dataDir, "signing-keys.json"),
  };
  const port = settings.GATEWAY_PORT === 0 ? await freePort() : settings.GATEWAY_PORT;
  if (!(await isPortFree(port))) {
    throw new AppError(
      "CONFIG_INVALID",
      `Port ${port} is taken by another program: stop it, or set GATEWAY_PORT to a free port.`,
    );
  }
  const url = settings.GATEWAY_PUBLIC_URL ?? `http://localhost:${port}`;
  const webClientUrl = environment["WEB_CLIENT_URL"] === undefined ? url : settings.WEB_CLIENT_URL;
  return { ...settings, GATEWAY_PORT: port, GATEWAY_PUBLIC_URL: url, WEB_CLIENT_URL: webClientUrl };
}

interface Foundation {
  readonly databases: EmbeddedDatabases;
  readonly mailbox: Mailbox;
  readonly webClient: string | undefined;
}

/** Side by side, since each mostly waits for a process of its own; when one fails, the others are stopped again. */
async function layFoundation(
  dataDir: string,
  { databasePassword }: EmbeddedSecrets,
  logger: Logger,
): Promise<Foundation> {
  const [databases, mailbox, webClient] = await Promise.allSettled([
    startDatabases(dataDir, databasePassword),
    startMailbox({ dir: join(dataDir, "mailbox"), logger }),
    prepareWebClient(logger),
  ]);
  if (databases.status === "fulfilled" && mailbox.status === "fulfilled" && webClient.status === "fulfilled") {
    return { databases: databases.value, mailbox: mailbox.value, webClient: webClient.value };
  }
  if (databases.status === "fulfilled") await databases.value.stop();
  if (mailbox.status === "fulfilled") await mailbox.value.stop();
  throw [databases, mailbox, webClient].find((result) => result.status === "rejected")?.reason;
}

interface PlatformPlan {
  readonly settings: EmbeddedSettings;
  readonly foundation: Foundation;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  readonly dataDir: string;
}

async function addPlatform({ settings: given, foundation, lifecycle, logger, dataDir }: PlatformPlan) {
  const { urlsOf } = foundation.databases;
  const settings = {
    ...given,
    SMTP_URL: foundation.mailbox.smtpUrl,
    USER_DATABASE_URL: urlsOf("user").app,
    USER_RELAY_DATABASE_URL: urlsOf("user").relay ?? "",
    BILLING_DATABASE_URL: urlsOf("billing").app,
    BILLING_RELAY_DATABASE_URL: urlsOf("billing").relay ?? "",
    AUDIT_DATABASE_URL: urlsOf("audit").app,
    AUDIT_RELAY_DATABASE_URL: urlsOf("audit").relay ?? "",
  };
  const eventLog = createPostgresEventLog({
    connectionString: urlsOf("events").app,
    logger,
    partitions: settings.EVENT_PARTITIONS,
  });
  const ids = createIdSource(systemClock);
  const floor: SubgraphFloor = {
    eventLog,
    contracts: await loadEventContracts(fileURLToPath(new URL("../schema/events", import.meta.url))),
    clock: systemClock,
    ids,
    logger,
    identitySecrets: settings.IDENTITY_SECRETS,
  };
  const user = await createUserSubgraph({ ...floor, settings });
  const billing = createBillingSubgraph({ ...floor, settings });
  const audit = createAuditSubgraph({ ...floor, settings });
  const subgraphs = [user, billing, audit];

  lifecycle.add({
    name: "event log",
    async start() {
      await eventLog.start();
      await eventLog.ensureTopics(["user.events", "billing.events", "audit.events"]);
    },
    stop: () => eventLog.stop(),
  });
  lifecycle.add({ name: "plans", start: async () => void (await seedPlans({ settings, ids })) });
  for (const part of subgraphs.flatMap(({ parts }) => parts)) lifecycle.add(part);
  const rooms = createPlatformRooms({
    settings,
    tokenService: user.tokenService,
    eventLog,
    clock: systemClock,
    ids,
    logger,
  });
  for (const part of rooms.parts) lifecycle.add(part);
  const { authenticator } = rooms.options;
  const gateway = await createGateway({
    ...rooms.options,
    settings,
    production: settings.NODE_ENV === "production",
    release: settings.PROCESS_RELEASE,
    host: settings.HOST,
    lifecycle,
    logger,
    counted: subgraphs.flatMap(({ caches = [] }) => caches),
    endpoints: [...subgraphs.map(({ endpoint }) => endpoint), ...rooms.options.endpoints],
    ...(foundation.webClient === undefined ? {} : { webClient: foundation.webClient }),
    checks: [...subgraphs.flatMap(({ checks }) => checks), ...rooms.checks],
    routes: (server) => registerMailboxRoutes(server, foundation.mailbox),
  });
  return {
    url: settings.GATEWAY_PUBLIC_URL ?? `http://localhost:${settings.GATEWAY_PORT}`,
    webClient: foundation.webClient !== undefined,
    demo: async () =>
      settings.SEED_DEMO
        ? prepareDemo({ dataDir, user, executor: gateway.executor, authenticator, logger })
        : undefined,
  };
}
