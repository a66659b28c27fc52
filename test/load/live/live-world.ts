// What a load on the live room alone needs: an event log in a Postgres of its own, and a way to write to it.
import type { EventLog } from "../../../platform/events/event-log.ts";
import { createPostgresEventLog } from "../../../platform/events/postgres-event-log.ts";
import { createLogger } from "../../../platform/logger/logger.ts";
import { startEventDatabases } from "../../integration/events/event-databases.ts";

export interface LiveWorld {
  readonly eventsUrl: string;
  readonly log: EventLog;
  stop(): Promise<void>;
}

export async function openLiveWorld(): Promise<LiveWorld> {
  const databases = await startEventDatabases();
  const { eventsUrl } = databases;
  const log = createPostgresEventLog({
    connectionString: eventsUrl,
    logger: createLogger({ name: "load", level: "warn" }),
  });
  try {
    await log.start();
  } catch (error) {
    await databases.stop();
    throw error;
  }
  return {
    eventsUrl,
    log,
    async stop() {
      await log.stop();
      await databases.stop();
    },
  };
}
