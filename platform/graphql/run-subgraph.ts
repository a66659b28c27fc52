/** The process of a subgraph: settings, event log, contracts, HTTP server, signals. */
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { systemClock } from "../clock.ts";
import { type Environment, parseConfig } from "../config/parse-config.ts";
import { subgraphProcessSettings } from "../config/settings.ts";
import { requireDatabase } from "../database/require-database.ts";
import { queryService } from "../discovery/query-service.ts";
import { registerProcess } from "../discovery/register-process.ts";
import { loadEventContracts } from "../events/contracts.ts";
import { createEventLog } from "../events/create-event-log.ts";
import { createEventFlow } from "../events/flow/event-flow.ts";
import { canServe } from "../http/health.ts";
import { createIdSource } from "../ids.ts";
import { createLifecycle } from "../lifecycle/lifecycle.ts";
import { runProcess } from "../lifecycle/run-process.ts";
import { createLogger } from "../logger/logger.ts";
import { queriesApartSettings, readQueriesApart } from "./queries-apart.ts";
import type { ListedSubgraph } from "./subgraph-definition.ts";
import { addSubgraphServer } from "./subgraph-server.ts";
import { databaseSettings, portSettings, readDatabase, readPort, settingNames } from "./subgraph-settings.ts";

/**
 * Runs until a signal stops it.
 * @throws AppError `CONFIG_INVALID` naming every bad setting, or the database that does not answer
 */
export async function runSubgraph(listed: ListedSubgraph, environment: Environment): Promise<void> {
  const { name } = listed;
  const settings = readSettings(listed, environment);
  const { replica, serves } = readQueriesApart(listed, settings.REDIS_URL, environment);
  const databaseUrls = { ...readDatabase(name, environment), replica };
  const names = settingNames(name);
  const logger = createLogger({ name, level: settings.LOG_LEVEL });
  const lifecycle = createLifecycle(logger);
  for (const login of ["app", "relay"] as const) {
    await requireDatabase({ setting: names[login], url: databaseUrls[login], table: "outbox" });
  }
  const eventLog = await createEventLog(settings, logger);
  lifecycle.add({ name: "event log", start: () => eventLog.start(), stop: () => eventLog.stop() });
  const ids = createIdSource(systemClock);
  const subgraph = await listed.create(environment, {
    name,
    topic: listed.topic,
    consumedTopics: listed.consumedTopics,
    databaseUrls,
    serves,
    eventLog,
    contracts: await loadEventContracts(fileURLToPath(new URL("../../schema/events", import.meta.url))),
    clock: systemClock,
    ids,
    logger,
    identitySecrets: settings.IDENTITY_SECRETS,
  });
  const { consumers = [], relays = [] } = subgraph;
  const server = addSubgraphServer({
    subgraph,
    flow: createEventFlow({ consumers, relays, log: eventLog, clock: systemClock, logger }),
    lifecycle,
    logger,
    host: settings.HOST,
    port: readPort(listed, environment),
    portSetting: names.port,
    release: settings.PROCESS_RELEASE,
  });
  registerProcess({
    service: serves === "queries" ? queryService(name) : name,
    settings,
    lifecycle,
    port: () => server.port,
    ready: () => canServe(subgraph.checks),
    clock: systemClock,
    ids,
    logger,
  });
  await runProcess({ lifecycle, logger, graceMs: settings.SHUTDOWN_GRACE_MS });
}

/** Those of every subgraph's process. Whatever is wrong, with the subgraph's own as well, is said together. */
function readSettings(listed: ListedSubgraph, environment: Environment) {
  const own = {
    ...databaseSettings(listed.name),
    ...portSettings(listed),
    ...queriesApartSettings(listed),
    ...listed.settings,
  };
  parseConfig(z.object({ ...own, ...subgraphProcessSettings }), environment);
  return parseConfig(z.object(subgraphProcessSettings), environment);
}
