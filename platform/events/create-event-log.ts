/** Picks the event log adapter by configuration. Kafka's client is loaded only where it is used. */
import { requireDatabase } from "../database/require-database.ts";
import { AppError } from "../errors/app-error.ts";
import type { Logger } from "../logger/logger.ts";
import type { EventLog } from "./event-log.ts";
import { createPostgresEventLog } from "./postgres-event-log.ts";
import { prefixedEventLog } from "./prefixed-event-log.ts";

export interface EventLogSettings {
  readonly EVENT_LOG: "postgres" | "kafka";
  readonly EVENTS_DATABASE_URL?: string | undefined;
  readonly KAFKA_BROKERS?: readonly string[] | undefined;
  readonly KAFKA_CLIENT_ID: string;
  readonly KAFKA_TOPIC_PREFIX: string;
  readonly KAFKA_REPLICATION: number;
  readonly EVENT_PARTITIONS: number;
}

/** @throws AppError `CONFIG_INVALID` when the chosen adapter has no address */
export async function createEventLog(settings: EventLogSettings, logger: Logger): Promise<EventLog> {
  const partitions = settings.EVENT_PARTITIONS;
  if (settings.EVENT_LOG === "postgres") {
    if (settings.EVENTS_DATABASE_URL === undefined) throw missing("EVENTS_DATABASE_URL");
    const url = settings.EVENTS_DATABASE_URL;
    const log = createPostgresEventLog({ connectionString: url, logger, partitions });
    const start = async () => {
      await requireDatabase({ setting: "EVENTS_DATABASE_URL", url, table: "event_topic" });
      await log.start();
    };
    return { ...log, start };
  }
  if (settings.KAFKA_BROKERS === undefined || settings.KAFKA_BROKERS.length === 0) throw missing("KAFKA_BROKERS");
  const { createKafkaEventLog } = await import("./kafka-event-log.ts");
  const log = createKafkaEventLog({
    brokers: settings.KAFKA_BROKERS,
    clientId: settings.KAFKA_CLIENT_ID,
    replicationFactor: settings.KAFKA_REPLICATION,
    partitions,
    logger,
  });
  const brokers = settings.KAFKA_BROKERS.join(", ");
  const start = () =>
    log.start().catch((cause: unknown) => {
      const message = `Kafka does not answer at ${brokers}: start it, or correct KAFKA_BROKERS.`;
      throw new AppError("EVENT_LOG_UNAVAILABLE", message, { cause });
    });
  return prefixedEventLog({ ...log, start }, settings.KAFKA_TOPIC_PREFIX);
}

function missing(key: string): AppError {
  return new AppError("CONFIG_INVALID", `Bad configuration: ${key} is not set, and EVENT_LOG needs it.`);
}
