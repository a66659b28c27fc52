/** The process frame of a subgraph: settings, event log, contracts, HTTP server, signals. Entry files stay a page short. */
import { fileURLToPath } from "node:url";
import { systemClock } from "../clock.ts";
import { requireDatabase } from "../database/require-database.ts";
import { type RegisteredProcessSettings, registerProcess } from "../discovery/register-process.ts";
import { loadEventContracts } from "../events/contracts.ts";
import { createEventLog, type EventLogSettings } from "../events/create-event-log.ts";
import { canServe } from "../http/health.ts";
import { createIdSource } from "../ids.ts";
import { createLifecycle } from "../lifecycle/lifecycle.ts";
import { failStart, runProcess } from "../lifecycle/run-process.ts";
import { createLogger } from "../logger/logger.ts";
import type { Subgraph, SubgraphFloor } from "./subgraph.ts";
import { addSubgraphServer } from "./subgraph-server.ts";

/** What the frame needs of `subgraphProcessSettings`. */
export interface SubgraphProcessSettings extends EventLogSettings, RegisteredProcessSettings {
  readonly LOG_LEVEL: string;
  readonly SHUTDOWN_GRACE_MS: number;
  readonly IDENTITY_SECRETS: readonly string[];
}

export interface RunSubgraphOptions<Settings extends SubgraphProcessSettings> {
  readonly name: string;
  /** Variable that sets the port, for the advice when it is taken. */
  readonly portSetting: string;
  /** @throws AppError `CONFIG_INVALID` */
  readonly settings: () => Settings;
  readonly port: (settings: Settings) => number;
  /** Addresses of the subgraph's database by the variables that hold them: each must answer before anything starts. */
  readonly databases: (settings: Settings) => Readonly<Record<string, string>>;
  readonly create: (settings: Settings, floor: SubgraphFloor) => Subgraph | Promise<Subgraph>;
}

export async function runSubgraph<Settings extends SubgraphProcessSettings>(
  options: RunSubgraphOptions<Settings>,
): Promise<void> {
  try {
    const settings = options.settings();
    const logger = createLogger({ name: options.name, level: settings.LOG_LEVEL });
    const lifecycle = createLifecycle(logger);
    for (const [setting, url] of Object.entries(options.databases(settings))) {
      await requireDatabase({ setting, url, table: "outbox" });
    }
    const eventLog = await createEventLog(settings, logger);
    lifecycle.add({ name: "event log", start: () => eventLog.start(), stop: () => eventLog.stop() });
    const ids = createIdSource(systemClock);
    const subgraph = await options.create(settings, {
      eventLog,
      contracts: await loadEventContracts(fileURLToPath(new URL("../../schema/events", import.meta.url))),
      clock: systemClock,
      ids,
      logger,
      identitySecrets: settings.IDENTITY_SECRETS,
    });
    const server = addSubgraphServer({
      subgraph,
      lifecycle,
      logger,
      host: settings.HOST,
      port: options.port(settings),
      portSetting: options.portSetting,
      release: settings.PROCESS_RELEASE,
    });
    registerProcess({
      service: options.name,
      settings,
      lifecycle,
      port: () => server.port,
      ready: () => canServe(subgraph.checks),
      clock: systemClock,
      ids,
      logger,
    });
    await runProcess({ lifecycle, logger, graceMs: settings.SHUTDOWN_GRACE_MS });
  } catch (error) {
    failStart(error);
  }
}
