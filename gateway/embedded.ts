/**
 * The whole platform in one process: Postgres, the event log, the mailbox, all subgraphs and the gateway, by the same
 * factories that the distributed processes use. Needs no other service; its data lives in one folder and survives any
 * kind of death.
 */
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createIdentitySigner } from "../platform/auth/identity-header.ts";
import { systemClock } from "../platform/clock.ts";
import type { Environment } from "../platform/config/parse-config.ts";
import { localDocuments } from "../platform/documents/document.ts";
import { loadEventContracts } from "../platform/events/contracts.ts";
import { createPostgresEventLog } from "../platform/events/postgres-event-log.ts";
import type { Subgraph, SubgraphRuntime } from "../platform/graphql/subgraph.ts";
import { type ListedSubgraph, sessionIssuer } from "../platform/graphql/subgraph-definition.ts";
import { createIdSource } from "../platform/ids.ts";
import type { Lifecycle } from "../platform/lifecycle/lifecycle.ts";
import type { Logger } from "../platform/logger/logger.ts";
import { registerMailboxRoutes } from "../platform/mail/mailbox-routes.ts";
import { localWebhooks } from "../platform/webhooks/webhook.ts";
import { refuseForgottenSubgraphs } from "./composition/known-subgraphs.ts";
import { createAnsweringCheck } from "./embedded/answering-subgraphs.ts";
import { lockDataFolder } from "./embedded/data-folder-lock.ts";
import { prepareDemo } from "./embedded/demo-data.ts";
import {
  type CompleteSettings,
  completeSettings,
  type EmbeddedSettings,
  subgraphEnvironment,
} from "./embedded/embedded-settings.ts";
import { type Infrastructure, startInfrastructure } from "./embedded/infrastructure.ts";
import { openSecrets } from "./embedded/secrets.ts";
import { createGateway } from "./index.ts";
import { createPlatformRooms } from "./platform-rooms.ts";
import { createDeliveries } from "./transport/deliveries.ts";
import { createDenialReports } from "./transport/denial-reports.ts";

export interface EmbeddedOptions {
  readonly subgraphs: readonly ListedSubgraph[];
  /** Checked by `readSettings`. */
  readonly settings: EmbeddedSettings;
  readonly environment: Environment;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
}

export interface EmbeddedPlatform {
  /** Address of the gateway without a path. */
  readonly url: string;
  readonly webClient: boolean;
  /** After start: who can sign in, or undefined when no demo data were asked for. */
  demo(): Promise<string | undefined>;
}

/**
 * Prepares everything that has to run before the parts can be made, and adds the parts to the lifecycle.
 * @throws AppError `CONFIG_INVALID` with advice; nothing keeps running then
 */
export async function createEmbedded(options: EmbeddedOptions): Promise<EmbeddedPlatform> {
  const { subgraphs, lifecycle, logger } = options;
  const dataDir = resolve(options.settings.DATA_DIR);
  await mkdir(dataDir, { recursive: true });
  const lock = await lockDataFolder(dataDir);
  let infrastructure: Infrastructure | undefined;
  try {
    const secrets = await openSecrets(dataDir);
    const complete = await completeSettings(options.settings, secrets);
    const started = await startInfrastructure({
      dataDir,
      databasePassword: secrets.databasePassword,
      subgraphs: subgraphs.map(({ name }) => name),
      logger,
    });
    infrastructure = started;
    lifecycle.add({ name: "data folder", stop: () => lock.release() });
    lifecycle.add({ name: "postgres", stop: () => started.databases.stop() });
    lifecycle.add({ name: "mailbox", stop: () => started.mailbox.stop() });
    return await addPlatform(options, { ...complete, infrastructure: started, dataDir });
  } catch (error) {
    await infrastructure?.mailbox.stop();
    await infrastructure?.databases.stop();
    await lock.release();
    throw error;
  }
}

interface EmbeddedBase extends CompleteSettings {
  readonly infrastructure: Infrastructure;
  readonly dataDir: string;
}

async function addPlatform(options: EmbeddedOptions, base: EmbeddedBase): Promise<EmbeddedPlatform> {
  const { lifecycle, logger } = options;
  const { settings, infrastructure, publicUrl, dataDir } = base;
  const clock = systemClock;
  const ids = createIdSource(clock);
  const eventLog = createPostgresEventLog({
    connectionString: infrastructure.databases.events,
    logger,
    partitions: settings.EVENT_PARTITIONS,
  });
  lifecycle.add({
    name: "event log",
    async start() {
      await eventLog.start();
      await eventLog.ensureTopics(options.subgraphs.map(({ topic }) => topic));
    },
    stop: () => eventLog.stop(),
  });
  const subgraphs = await addSubgraphs(options, base, {
    eventLog,
    contracts: await loadEventContracts(fileURLToPath(new URL("../schema/events", import.meta.url))),
    clock,
    ids,
    logger,
    identitySecrets: settings.IDENTITY_SECRETS,
  });
  const rooms = createPlatformRooms({
    settings,
    subgraphs: options.subgraphs,
    hosted: subgraphs,
    tokenService: tokenServiceOf(options.subgraphs, subgraphs),
    eventLog,
    clock,
    ids,
    logger,
  });
  for (const part of rooms.parts) lifecycle.add(part);
  const { authenticator } = rooms.options;
  const endpoints = [...subgraphs.map(({ endpoint }) => endpoint), ...rooms.options.endpoints];
  const signer = createIdentitySigner(settings.IDENTITY_SECRETS, clock);
  const checks = [...subgraphs.flatMap((subgraph) => subgraph.checks), ...rooms.checks];
  const gateway = await createGateway({
    ...rooms.options,
    settings,
    production: settings.NODE_ENV === "production",
    release: settings.PROCESS_RELEASE,
    host: settings.HOST,
    lifecycle,
    logger,
    counted: subgraphs.flatMap(({ caches = [] }) => caches),
    metrics: subgraphs.flatMap(({ metrics }) => metrics ?? []),
    endpoints,
    knownSubgraphs: new Set(endpoints.map(({ name }) => name)),
    ...(infrastructure.webClient === undefined ? {} : { webClient: infrastructure.webClient }),
    checks,
    webhooks: localWebhooks(subgraphs),
    deliver: createDeliveries({ signer, subgraphs }),
    documentPages: localDocuments(subgraphs),
    reportDenial: createDenialReports({ signer, endpoints, logger }),
    routes: (server) => registerMailboxRoutes(server, infrastructure.mailbox),
  });
  refuseForgottenSubgraphs(
    gateway.schema.current(),
    endpoints.map(({ name }) => name),
  );
  lifecycle.add(createAnsweringCheck({ endpoints, checks, signer }));
  return {
    url: publicUrl,
    webClient: infrastructure.webClient !== undefined,
    demo: async () =>
      settings.SEED_DEMO
        ? prepareDemo({ dataDir, subgraphs, executor: gateway.executor, authenticator, logger })
        : undefined,
  };
}

type SharedRuntime = Omit<SubgraphRuntime, "name" | "topic" | "consumedTopics" | "databaseUrls">;

/** Makes every subgraph of the list, and adds their seeds and parts. */
async function addSubgraphs(
  { subgraphs: listed, environment, lifecycle }: EmbeddedOptions,
  { infrastructure, publicUrl, dataDir }: EmbeddedBase,
  shared: SharedRuntime,
): Promise<readonly Subgraph[]> {
  const { databases, mailbox } = infrastructure;
  const place = { dataDir, publicUrl, smtpUrl: mailbox.smtpUrl };
  const created = await Promise.all(
    listed.map(async (subgraph) => {
      const { name, topic, consumedTopics } = subgraph;
      const databaseUrls = databases.subgraphs.get(name);
      if (databaseUrls === undefined) throw new Error(`the subgraph ${name} has no database`);
      const own = subgraphEnvironment(subgraph, place, environment);
      const { clock, ids } = shared;
      const seed = async () => void (await subgraph.seed?.(own, { databaseUrls, clock, ids }));
      const running = await subgraph.create(own, { ...shared, name, topic, consumedTopics, databaseUrls });
      return { seed: { name: `${name} seed`, start: seed }, running };
    }),
  );
  for (const { seed } of created) lifecycle.add(seed);
  for (const part of created.flatMap(({ running }) => running.parts)) lifecycle.add(part);
  return created.map(({ running }) => running);
}

function tokenServiceOf(listed: readonly ListedSubgraph[], subgraphs: readonly Subgraph[]) {
  const { name } = sessionIssuer(listed);
  const tokenService = subgraphs.find((subgraph) => subgraph.name === name)?.tokenService;
  if (tokenService === undefined) throw new Error(`subgraphs/${name} issues sessions and must have a tokenService`);
  return tokenService;
}
