// One broker of three hangs: it accepts connections and answers nothing. The others go on for it within seconds.
import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { afterAll, beforeAll, test } from "vitest";
import type { EventLog, LogRecord } from "../../../platform/events/event-log.ts";
import { createKafkaEventLog } from "../../../platform/events/kafka-event-log.ts";
import { type KafkaCluster, startKafkaCluster } from "../../support/services/kafka.ts";
import { waitFor, waitWithin } from "../../support/wait.ts";
import { groupRecorder } from "./group-recorder.ts";

/** From the freeze until an event of every partition has been appended and read. */
const RESUMED_WITHIN_MS = 10_000;

let cluster: KafkaCluster;
let log: EventLog;

beforeAll(async () => {
  cluster = await startKafkaCluster();
  log = createKafkaEventLog({
    brokers: cluster.brokers.split(","),
    clientId: "frozen",
    replicationFactor: 3,
    partitions: 6,
    logger: pino({ level: process.env["LOG"] ?? "silent" }),
  });
  await log.start();
});
afterAll(async () => {
  await log?.stop();
  await cluster?.stop();
});

test("with one of three brokers frozen, appends and tails of every partition resume within 10 s", async () => {
  const topic = `frozen.${randomUUID()}`;
  await log.ensureTopics([topic]);
  const tailed: LogRecord[] = [];
  const tail = await log.tail({ topic, from: "end", onRecords: (_, records) => void tailed.push(...records) });
  const group = groupRecorder();
  const member = await log.consume({ group: topic, topics: [topic], onAssigned: group.onAssigned });
  // A key for each partition.
  const keys = new Map<number, string>();
  for (let n = 0; keys.size < 6; n += 1) keys.set(await log.partitionOf(topic, `key-${n}`), `key-${n}`);
  const append = (value: string) =>
    log.append(
      topic,
      [...keys.values()].map((key) => ({ key, value })),
    );
  const arrived = (records: readonly LogRecord[], value: string) =>
    new Set(records.filter((record) => record.value === value).map(({ partition }) => partition)).size === 6;
  await append("before");
  await waitFor(() => arrived(tailed, "before") && arrived(group.seen, "before"), {
    what: "the first events",
    deadlineMs: 60_000,
  });

  const frozen = cluster.members[0];
  if (frozen === undefined) throw new Error("no broker");
  process.kill(frozen.pid, "SIGSTOP");
  try {
    const appended = (async () => {
      // As the relay does: again until it is durable.
      for (;;) {
        try {
          return await append("after");
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    })();
    await waitWithin(RESUMED_WITHIN_MS, () => arrived(tailed, "after"), {
      what: "an event of every partition at the tail",
      deadlineMs: 60_000,
    });
    await appended;
    await waitFor(() => arrived(group.seen, "after"), { what: "the group to go on", deadlineMs: 60_000 });
    await log.check();
  } finally {
    process.kill(frozen.pid, "SIGCONT");
  }
  await waitFor(() => log.append(topic, [{ key: "key-0", value: "thawed" }]).then(() => true), {
    what: "an append after the thaw",
    deadlineMs: 60_000,
  });
  await tail.stop();
  await member.stop();
}, 240_000);
