// The event logs that tests run on: what belongs to each adapter alone.
import { Kafka, logLevel } from "kafkajs";
import { pino } from "pino";
import { createKafkaEventLog } from "../../../platform/events/kafka-event-log.ts";
import { createPostgresEventLog } from "../../../platform/events/postgres-event-log.ts";
import { startEventDatabases } from "../../support/services/event-databases.ts";
import { serviceAddress } from "../../support/services/service-addresses.ts";
import { waitFor } from "../../support/wait.ts";
import type { EventLogHarness } from "./event-log-contract/world.ts";

const logger = pino({ level: "silent" });

export async function kafkaHarness(): Promise<EventLogHarness> {
  const brokers = serviceAddress("kafka").split(",");
  const admin = new Kafka({ clientId: "contract-admin", brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const open = async () => {
    const log = createKafkaEventLog({ brokers, clientId: "contract", replicationFactor: 1, logger });
    await log.start();
    return log;
  };
  return {
    open,
    async recreate(topic) {
      await admin.deleteTopics({ topics: [topic] });
      await waitFor(async () => !(await admin.listTopics()).includes(topic), { what: "the topic to go" });
      const log = await open();
      await log.ensureTopics([topic]);
      await log.stop();
    },
    async deleteBelow(topic, partition, offset) {
      // kafkajs deletes only from topics whose offsets it was asked for before.
      // A broker that has just made the topic may say for a moment that it is not its leader.
      const deleted = async () => {
        await admin.fetchTopicOffsets(topic);
        await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
        return true;
      };
      await waitFor(deleted, { what: "the records' deletion" });
    },
    close: () => admin.disconnect(),
  };
}

export async function postgresHarness(): Promise<EventLogHarness> {
  const databases = await startEventDatabases();
  return {
    async open() {
      const log = createPostgresEventLog({ connectionString: databases.eventsUrl, logger, rebalanceMs: 100 });
      await log.start();
      return log;
    },
    async recreate(topic) {
      await databases.events.query("DELETE FROM event_topic WHERE name = $1", [topic]);
      const log = createPostgresEventLog({ connectionString: databases.eventsUrl, logger });
      await log.start();
      await log.ensureTopics([topic]);
      await log.stop();
    },
    async deleteBelow(topic, partition, offset) {
      await databases.events.query(
        "UPDATE event_record SET appended_at = '2000-01-01' WHERE topic = $1 AND partition = $2 AND record_offset < $3",
        [topic, partition, String(offset)],
      );
      await databases.events.query("SELECT event_purge($1, $2, '2001-01-01', 1000)", [topic, partition]);
    },
    close: () => databases.stop(),
  };
}

/** For `describe.each`. */
export const EVENT_LOGS = [
  ["Postgres", postgresHarness],
  ["Kafka", kafkaHarness],
] as const;
