import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EventLog, LogRecord } from "../../../platform/events/event-log.ts";
import { createKafkaEventLog } from "../../../platform/events/kafka-event-log.ts";
import { type KafkaBroker, startKafka } from "../../support/services/kafka.ts";
import { waitFor } from "../../support/wait.ts";
import { groupRecorder } from "./group-recorder.ts";

let dataDir: string;
let broker: KafkaBroker;
let log: EventLog;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "tributary-kafka-faults-"));
  broker = await startKafka({ dataDir });
  log = createKafkaEventLog({
    brokers: [broker.brokers],
    clientId: "faults",
    replicationFactor: 1,
    logger: pino({ level: "silent" }),
  });
  await log.start();
});
afterAll(async () => {
  await log.stop();
  await broker.stop();
  await rm(dataDir, { recursive: true, force: true });
});

test("an unreachable broker is reported at the start", async () => {
  const absent = createKafkaEventLog({
    brokers: ["127.0.0.1:1"],
    clientId: "absent",
    replicationFactor: 1,
    logger: pino({ level: "silent" }),
  });
  await expect(absent.start()).rejects.toMatchObject({ code: "EVENT_LOG_UNAVAILABLE" });
});

test("tail, group and append go on where they were after the only broker was killed and came back", async () => {
  const topic = "restarted";
  await log.ensureTopics([topic]);
  const tailed: LogRecord[] = [];
  const interruptions: Error[] = [];
  const grouped = groupRecorder();
  const tail = await log.tail({
    topic,
    from: "end",
    onRecords: (_, records) => void tailed.push(...records),
    onInterruption: (problem) => interruptions.push(problem),
  });
  const member = await log.consume({ group: "restarted", topics: [topic], onAssigned: grouped.onAssigned });
  await log.append(topic, [{ key: "one", value: "before" }]);
  await waitFor(() => tailed.length === 1 && grouped.seen.length === 1, {
    what: "the first record",
  });

  await broker.kill();
  await expect(log.append(topic, [{ key: "one", value: "lost?" }])).rejects.toMatchObject({
    code: "EVENT_LOG_UNAVAILABLE",
  });
  await expect(log.check()).rejects.toMatchObject({ code: "EVENT_LOG_UNAVAILABLE" });
  await waitFor(() => interruptions.length > 0, { what: "the tail to say so" });

  broker = await startKafka({ dataDir, port: broker.port });
  await waitFor(() => log.append(topic, [{ key: "one", value: "after" }]).then(() => true), {
    what: "an append",
    deadlineMs: 30_000,
  });
  await waitFor(() => tailed.some(({ value }) => value === "after"), { what: "the tail to go on", deadlineMs: 30_000 });
  await waitFor(() => grouped.seen.some(({ value }) => value === "after"), {
    what: "the group to go on",
    deadlineMs: 60_000,
  });
  expect(tailed.filter(({ value }) => value === "before")).toHaveLength(1);
  await log.check();
  await tail.stop();
  await member.stop();
}, 150_000);
