import { Kafka, logLevel } from "kafkajs";
import { pino } from "pino";
import { createKafkaEventLog } from "../../../platform/events/kafka-event-log.ts";
import { serviceAddress } from "../../support/services/service-addresses.ts";
import { waitFor } from "../../support/wait.ts";
import { describeEventLog } from "./event-log-contract.ts";

const logger = pino({ level: "silent" });

describeEventLog("Kafka", async () => {
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
});
