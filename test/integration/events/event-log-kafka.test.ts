import { describeEventLog } from "./event-log-contract.ts";
import { kafkaHarness } from "./event-log-harnesses.ts";

describeEventLog("Kafka", kafkaHarness);
