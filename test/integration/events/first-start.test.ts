// The first start of an installation: its processes meet an empty Kafka all at once, and none fails.
import { pino } from "pino";
import { expect, test } from "vitest";
import type { EventLog } from "../../../platform/events/event-log.ts";
import { createKafkaEventLog } from "../../../platform/events/kafka-event-log.ts";
import { startKafka } from "../../support/services/kafka.ts";
import { waitFor } from "../../support/wait.ts";
import { sizeOf } from "../../tiers.ts";
import { groupRecorder } from "./group-recorder.ts";

const PRODUCERS = ["user", "billing", "audit"];
const TOPICS = PRODUCERS.map((name) => `${name}.events`);
const STARTS = sizeOf("firstStarts");

/** What a subgraph's process does first: its topic, what it reads, an event. */
async function startSubgraph(log: EventLog, name: string) {
  const recorder = groupRecorder();
  await log.start();
  await log.ensureTopics([`${name}.events`]);
  await log.ensureTopics([...TOPICS, ...TOPICS.map((topic) => `${topic}.dlq`)]);
  await log.consume({ group: name, topics: TOPICS, onAssigned: recorder.onAssigned });
  await log.append(`${name}.events`, [{ key: name, value: name }]);
  return recorder;
}

/** What a gateway does first: it follows every topic. */
async function startGateway(log: EventLog) {
  const seen = new Set<string>();
  await log.start();
  await log.ensureTopics(TOPICS);
  for (const topic of TOPICS) {
    const onRecords = (_: number, records: readonly { readonly value: string }[]) => {
      for (const { value } of records) seen.add(value);
    };
    await log.tail({ topic, from: new Map(), onRecords });
  }
  return seen;
}

test("processes that start at once on an empty Kafka all start, and every event arrives everywhere", async () => {
  for (let start = 0; start < STARTS; start += 1) {
    const broker = await startKafka();
    const logs = [...PRODUCERS, "gateway"].map((clientId) =>
      createKafkaEventLog({
        brokers: [broker.brokers],
        clientId,
        replicationFactor: 1,
        logger: pino({ level: "silent" }),
      }),
    );
    try {
      const [gateway, ...subgraphs] = logs.toReversed();
      if (gateway === undefined) throw new Error("no gateway");
      const [seen, ...recorders] = await Promise.all([
        startGateway(gateway),
        ...subgraphs.map((log, at) => startSubgraph(log, PRODUCERS[at] ?? "")),
      ]);
      await waitFor(
        () =>
          seen.size === PRODUCERS.length &&
          recorders.every((group) => new Set(group.seen.map(({ value }) => value)).size === PRODUCERS.length),
        { what: "every event everywhere", deadlineMs: 60_000 },
      );
      expect([...seen].sort()).toEqual(PRODUCERS.toSorted());
    } finally {
      await Promise.all(logs.map((log) => log.stop()));
      await broker.stop();
    }
  }
}, 1_200_000);
