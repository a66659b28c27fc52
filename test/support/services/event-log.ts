// An event log in a Postgres server of its own.
import type { EventLog } from "../../../platform/events/event-log.ts";
import { createPostgresEventLog } from "../../../platform/events/postgres-event-log.ts";
import { createLogger } from "../../../platform/logger/logger.ts";
import { type EventDatabases, startEventDatabases } from "./event-databases.ts";

export interface OpenEventLog {
  readonly databases: EventDatabases;
  readonly eventsUrl: string;
  readonly log: EventLog;
  stop(): Promise<void>;
}

export async function openEventLog(level: "silent" | "warn" = "warn"): Promise<OpenEventLog> {
  const databases = await startEventDatabases();
  const { eventsUrl } = databases;
  const log = createPostgresEventLog({ connectionString: eventsUrl, logger: createLogger({ name: "log", level }) });
  try {
    await log.start();
  } catch (error) {
    await databases.stop();
    throw error;
  }
  return {
    databases,
    eventsUrl,
    log,
    async stop() {
      await log.stop();
      await databases.stop();
    },
  };
}
