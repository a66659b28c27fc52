import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EventLog, LogRecord } from "../../../platform/events/event-log.ts";
import { createPostgresEventLog } from "../../../platform/events/postgres-event-log.ts";
import { type EventDatabases, startEventDatabases } from "../../support/services/event-databases.ts";
import { startPostgres } from "../../support/services/postgres.ts";
import { waitFor } from "../../support/wait.ts";
import { describeEventLog } from "./event-log-contract.ts";
import { postgresHarness } from "./event-log-harnesses.ts";
import { groupRecorder } from "./group-recorder.ts";

const logger = pino({ level: "silent" });

describeEventLog("Postgres", postgresHarness);

describe("Postgres event log under faults", () => {
  let databases: EventDatabases;
  let log: EventLog;

  beforeAll(async () => {
    databases = await startEventDatabases();
    log = createPostgresEventLog({ connectionString: databases.eventsUrl, logger, rebalanceMs: 100 });
    await log.start();
  });
  afterAll(async () => {
    await log.stop();
    await databases.stop();
  });

  test("a member whose session is killed loses its partitions to the other at once", async () => {
    await log.ensureTopics(["killed"]);
    const url = new URL(databases.eventsUrl);
    const other = createPostgresEventLog({ connectionString: url.href, logger, rebalanceMs: 100 });
    await other.start();
    const first = groupRecorder();
    const second = groupRecorder();
    const readers = [
      await log.consume({ group: "killed", topics: ["killed"], onAssigned: first.onAssigned }),
      await other.consume({ group: "killed", topics: ["killed"], onAssigned: second.onAssigned }),
    ];
    await waitFor(() => first.assigned().length === 2 && second.assigned().length === 2, { what: "a fair share" });
    await databases.events.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tributary-group-killed'
       ORDER BY backend_start LIMIT 1`,
    );
    const records = Array.from({ length: 60 }, (_, index) => ({ key: `k${index}`, value: String(index) }));
    await log.append("killed", records);
    const seen = () => new Set([...first.seen, ...second.seen].map(({ value }) => value));
    await waitFor(() => seen().size === 60, { what: "all records at either member" });
    await waitFor(() => first.assigned().length + second.assigned().length === 4, {
      what: "all partitions owned again",
    });
    for (const reader of readers) await reader.stop();
    await other.stop();
  });

  test("retention deletes old records of every partition and keeps low exact when nothing is left", async () => {
    await log.ensureTopics(["aged"]);
    await log.append(
      "aged",
      Array.from({ length: 2_500 }, (_, index) => ({ key: "one", value: String(index) })),
    );
    await databases.events.query(
      "UPDATE event_record SET appended_at = now() - interval '2 hours' WHERE topic = 'aged'",
    );
    const purging = createPostgresEventLog({
      connectionString: databases.eventsUrl,
      logger,
      retention: { maxAgeMs: 3_600_000, everyMs: 50 },
    });
    await purging.start();
    const partition = await log.partitionOf("aged", "one");
    await waitFor(async () => (await log.ranges("aged"))[partition]?.low === 2_500n, { what: "an empty partition" });
    await log.append("aged", [{ key: "one", value: "next" }]);
    expect((await log.read({ topic: "aged", partition, from: 2_500n, limit: 10 })).map(({ offset }) => offset)).toEqual(
      [2_500n],
    );
    await purging.stop();
  });

  test("readers and members go on where they were after Postgres restarted", async () => {
    await log.ensureTopics(["restarted"]);
    const tailed: LogRecord[] = [];
    const interruptions: Error[] = [];
    const grouped = groupRecorder();
    const tail = await log.tail({
      topic: "restarted",
      from: "end",
      onRecords: (_, records) => void tailed.push(...records),
      onInterruption: (problem) => interruptions.push(problem),
    });
    const member = await log.consume({ group: "restarted", topics: ["restarted"], onAssigned: grouped.onAssigned });
    await log.append("restarted", [{ key: "one", value: "before" }]);
    await waitFor(() => tailed.length === 1 && grouped.seen.length === 1, { what: "the first record" });

    // The server's folder is temporary and goes with `stop`, so it is killed: as a crash would.
    const { dataDir, port, pid } = databases.server;
    process.kill(pid, "SIGINT");
    await expect(waitFor(() => log.check().then(() => false), { what: "nothing", deadlineMs: 300 })).rejects.toThrow();
    await expect(log.check()).rejects.toMatchObject({ code: "EVENT_LOG_UNAVAILABLE" });
    expect(interruptions.length).toBeGreaterThanOrEqual(1);
    const again = await startPostgres({ dataDir, port });
    await waitFor(() => log.append("restarted", [{ key: "one", value: "after" }]).then(() => true), {
      what: "an append",
    });
    await waitFor(() => tailed.some(({ value }) => value === "after"), {
      what: "the tail to go on",
    });
    await waitFor(() => grouped.seen.some(({ value }) => value === "after"), {
      what: "the group to go on",
    });
    await tail.stop();
    await member.stop();
    await again.stop();
  });
});
