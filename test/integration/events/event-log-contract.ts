// What every `EventLog` adapter guarantees. Each adapter's test file runs this suite with a harness of its own.
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { EventLog, LogReader, LogRecord } from "../../../platform/events/event-log.ts";
import { waitFor } from "../../support/wait.ts";
import { groupRecorder } from "./group-recorder.ts";

export interface EventLogHarness {
  /** A started adapter, as another process would have it. */
  open(): Promise<EventLog>;
  /** Deletes the topic and creates it again, as an operator would. */
  recreate(topic: string): Promise<void>;
  /** Deletes the records of a partition below an offset, as retention would. */
  deleteBelow(topic: string, partition: number, offset: bigint): Promise<void>;
  close(): Promise<void>;
}

const DEADLINE = 20_000;

export function describeEventLog(name: string, createHarness: () => Promise<EventLogHarness>): void {
  describe(`event log over ${name}`, () => {
    let harness: EventLogHarness;
    let log: EventLog;
    const cleanups: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      harness = await createHarness();
      log = await harness.open();
    }, 120_000);
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    });
    afterAll(async () => {
      await log?.stop();
      await harness?.close();
    });

    async function freshTopic(): Promise<string> {
      const topic = `contract.${randomUUID()}`;
      await log.ensureTopics([topic]);
      return topic;
    }

    async function openLog(): Promise<EventLog> {
      const opened = await harness.open();
      cleanups.push(() => opened.stop());
      return opened;
    }

    async function join(member: EventLog, group: string, topic: string, options?: { hold?: boolean }) {
      const recorder = groupRecorder(options);
      const reader = await member.consume({ group, topics: [topic], onAssigned: recorder.onAssigned });
      cleanups.push(() => reader.stop());
      return { ...recorder, stop: () => reader.stop() };
    }

    const numbered = (from: number, to: number, key = (index: number) => `key-${index % 7}`) =>
      Array.from({ length: to - from }, (_, index) => ({ key: key(from + index), value: String(from + index) }));
    const values = (records: readonly LogRecord[]) => records.map(({ value }) => value);
    const sorted = (texts: readonly string[]) => [...texts].sort((left, right) => Number(left) - Number(right));

    async function readAll(topic: string): Promise<LogRecord[]> {
      const found: LogRecord[] = [];
      for (const { partition, low, high } of await log.ranges(topic)) {
        for (let from = low; from < high; ) {
          const page = await log.read({ topic, partition, from, limit: 100 });
          const last = page.at(-1);
          if (last === undefined) break;
          found.push(...page);
          from = last.offset + 1n;
        }
      }
      return found;
    }

    test("records of a key are read in the order of their appends, byte for byte", async () => {
      const topic = await freshTopic();
      const text = '{"name":"Ünïcode \\u0000 🌊","n":1}';
      await log.append(topic, numbered(0, 50));
      await log.append(topic, [...numbered(50, 60), { key: "text", value: text }]);
      const all = await readAll(topic);
      expect(all).toHaveLength(61);
      for (let key = 0; key < 7; key += 1) {
        const own = all.filter((record) => record.key === `key-${key}`).map(({ value }) => Number(value));
        expect(own).toEqual([...own].sort((left, right) => left - right));
      }
      expect(all.find(({ key }) => key === "text")?.value).toBe(text);
      for (const record of all) {
        expect(record.topic).toBe(topic);
        expect(record.partition).toBe(await log.partitionOf(topic, record.key));
        expect(Math.abs(record.appendedAt.getTime() - Date.now())).toBeLessThan(60_000);
      }
    });

    test("a key stays in one partition and keys spread over several", async () => {
      const topic = await freshTopic();
      const partitions = new Set<number>();
      for (let index = 0; index < 40; index += 1) partitions.add(await log.partitionOf(topic, `org_${index}`));
      expect(partitions.size).toBeGreaterThan(1);
      expect(await (await openLog()).partitionOf(topic, "org_1")).toBe(await log.partitionOf(topic, "org_1"));
    });

    test("concurrent appends are all stored, each in its own order", async () => {
      const topic = await freshTopic();
      await Promise.all(
        Array.from({ length: 8 }, (_, writer) =>
          log.append(
            topic,
            Array.from({ length: 25 }, (__, index) => ({ key: `k${index % 3}`, value: `${writer}:${index}` })),
          ),
        ),
      );
      const all = await readAll(topic);
      expect(new Set(values(all)).size).toBe(200);
      for (let writer = 0; writer < 8; writer += 1) {
        for (let key = 0; key < 3; key += 1) {
          const own = all
            .filter((r) => r.key === `k${key}` && r.value.startsWith(`${writer}:`))
            .map((r) => Number(r.value.split(":")[1]));
          expect(own).toEqual([...own].sort((left, right) => left - right));
        }
      }
    });

    test("ranges tell the first kept and the next offset, and a read below them is refused", async () => {
      const topic = await freshTopic();
      const partition = await log.partitionOf(topic, "one");
      const range = async () => (await log.ranges(topic)).find((candidate) => candidate.partition === partition);
      const empty = await range();
      expect(empty?.high).toBe(empty?.low);
      await log.append(
        topic,
        numbered(0, 10, () => "one"),
      );
      expect(await range()).toEqual({ partition, low: 0n, high: 10n });
      await harness.deleteBelow(topic, partition, 4n);
      expect(
        await waitFor(async () => ((await range())?.low === 4n ? range() : undefined), { what: "low to rise" }),
      ).toEqual({
        partition,
        low: 4n,
        high: 10n,
      });
      expect(values(await log.read({ topic, partition, from: 4n, limit: 3 }))).toEqual(["4", "5", "6"]);
      expect(await log.read({ topic, partition, from: 10n, limit: 3 })).toEqual([]);
      await expect(log.read({ topic, partition, from: 3n, limit: 3 })).rejects.toMatchObject({
        code: "OFFSET_OUT_OF_RANGE",
      });
      await harness.deleteBelow(topic, partition, 10n);
      await waitFor(async () => (await range())?.low === 10n, { what: "low to reach high" });
      expect(await range()).toEqual({ partition, low: 10n, high: 10n });
    });

    test("a tail from the end sees everything appended after it resolved and nothing from before", async () => {
      const topic = await freshTopic();
      await log.append(topic, numbered(0, 20));
      const other = await openLog();
      const seen: LogRecord[] = [];
      const tail = await other.tail({ topic, from: "end", onRecords: (_, records) => void seen.push(...records) });
      cleanups.push(() => tail.stop());
      await log.append(topic, numbered(20, 300));
      await waitFor(() => seen.length >= 280, { what: "280 records at the tail", deadlineMs: DEADLINE });
      expect(sorted(values(seen))).toEqual(numbered(20, 300).map(({ value }) => value));
    });

    test("a tail starts exactly at given positions and hands a partition's records on one batch at a time", async () => {
      const topic = await freshTopic();
      const partition = await log.partitionOf(topic, "one");
      await log.append(
        topic,
        numbered(0, 30, () => "one"),
      );
      const seen: LogRecord[] = [];
      let running = 0;
      let overlap = false;
      const tail = await log.tail({
        topic,
        from: new Map([[partition, 12n]]),
        async onRecords(_, records) {
          running += 1;
          overlap ||= running > 1;
          await new Promise(setImmediate);
          seen.push(...records);
          running -= 1;
        },
      });
      cleanups.push(() => tail.stop());
      await waitFor(() => seen.length >= 18, { what: "the backlog", deadlineMs: DEADLINE });
      await log.append(
        topic,
        numbered(30, 40, () => "one"),
      );
      await waitFor(() => seen.length >= 28, { what: "the live records", deadlineMs: DEADLINE });
      expect(seen.map(({ offset }) => Number(offset))).toEqual(Array.from({ length: 28 }, (_, index) => index + 12));
      expect(overlap).toBe(false);
    });

    test("a tail whose records were deleted says so and goes on at the first kept one", async () => {
      const topic = await freshTopic();
      const partition = await log.partitionOf(topic, "one");
      await log.append(
        topic,
        numbered(0, 10, () => "one"),
      );
      await harness.deleteBelow(topic, partition, 6n);
      const seen: LogRecord[] = [];
      const interruptions: Error[] = [];
      const gaps: [number, bigint, number][] = [];
      const tail = await log.tail({
        topic,
        from: new Map([[partition, 2n]]),
        onRecords: (_, records) => void seen.push(...records),
        onInterruption: (problem) => interruptions.push(problem),
        onGap: (place, low) => gaps.push([place, low, seen.length]),
      });
      cleanups.push(() => tail.stop());
      await waitFor(() => seen.length >= 4, { what: "the kept records", deadlineMs: DEADLINE });
      expect(values(seen)).toEqual(["6", "7", "8", "9"]);
      expect(interruptions.length).toBeGreaterThanOrEqual(1);
      expect(gaps).toEqual([[partition, 6n, 0]]);
    });

    test("a tail with given positions reads a partition that is not among them from its beginning", async () => {
      const topic = await freshTopic();
      const partition = await log.partitionOf(topic, "one");
      await log.append(
        topic,
        numbered(0, 5, () => "one"),
      );
      const seen: LogRecord[] = [];
      const tail = await log.tail({
        topic,
        from: new Map([[(partition + 1) % 4, 0n]]),
        onRecords: (_, records) => void seen.push(...records),
      });
      cleanups.push(() => tail.stop());
      await waitFor(() => seen.length >= 5, { what: "the records", deadlineMs: DEADLINE });
      expect(values(seen)).toEqual(["0", "1", "2", "3", "4"]);
    });

    test("three groups each see every record [S45]", async () => {
      const topic = await freshTopic();
      await log.append(topic, numbered(0, 30));
      const groups = await Promise.all(["a", "b", "c"].map((group) => join(log, `${group}-${topic}`, topic)));
      await log.append(topic, numbered(30, 40));
      for (const { seen } of groups) {
        await waitFor(() => seen.length >= 40, { what: "40 records in each group", deadlineMs: DEADLINE });
        expect(sorted(values(seen))).toEqual(Array.from({ length: 40 }, (_, index) => String(index)));
      }
    });

    test("two members of a group share the partitions, and a leaver's go to the other", async () => {
      const topic = await freshTopic();
      const group = `share-${topic}`;
      const first = await join(log, group, topic);
      const second = await join(await openLog(), group, topic);
      await waitFor(() => first.assigned().length === 2 && second.assigned().length === 2, {
        what: "two partitions each",
        deadlineMs: DEADLINE,
      });
      await log.append(
        topic,
        numbered(0, 100, (index) => `key-${index}`),
      );
      await waitFor(() => first.seen.length + second.seen.length >= 100, { what: "100 records", deadlineMs: DEADLINE });
      expect(first.seen.length).toBeGreaterThan(0);
      expect(second.seen.length).toBeGreaterThan(0);
      await second.stop();
      await waitFor(() => first.assigned().length === 4, {
        what: "all partitions at the one left",
        deadlineMs: DEADLINE,
      });
      await log.append(
        topic,
        numbered(100, 140, (index) => `key-${index}`),
      );
      const everything = () => new Set([...values(first.seen), ...values(second.seen)]);
      await waitFor(() => everything().size === 140, { what: "140 records", deadlineMs: DEADLINE });
    });

    test("records delivered but not committed are delivered again to the next member [S47]", async () => {
      const topic = await freshTopic();
      const group = `crash-${topic}`;
      await log.append(
        topic,
        numbered(0, 12, () => "one"),
      );
      const first = await join(await openLog(), group, topic, { hold: true });
      await waitFor(() => first.seen.length >= 12, { what: "12 records", deadlineMs: DEADLINE });
      first.commitUpTo(5n);
      await first.stop();
      const second = await join(await openLog(), group, topic);
      await waitFor(() => second.seen.length >= 7, { what: "the uncommitted records", deadlineMs: DEADLINE });
      expect(values(second.seen)).toEqual(["5", "6", "7", "8", "9", "10", "11"]);
    });

    test("a restarted group continues at its commit [S49]", async () => {
      const topic = await freshTopic();
      const group = `restart-${topic}`;
      const partition = await log.partitionOf(topic, "one");
      await log.append(
        topic,
        numbered(0, 20, () => "one"),
      );
      const first = await join(await openLog(), group, topic);
      await waitFor(async () => (await log.committed(group, topic)).get(partition) === 20n, {
        what: "the commit",
        deadlineMs: DEADLINE,
      });
      await first.stop();
      await log.append(
        topic,
        numbered(20, 25, () => "one"),
      );
      const second = await join(await openLog(), group, topic);
      await waitFor(() => second.seen.length >= 5, { what: "the new records", deadlineMs: DEADLINE });
      expect(values(second.seen)).toEqual(["20", "21", "22", "23", "24"]);
    });

    test("a rejected delivery is made again from the last commit", async () => {
      const topic = await freshTopic();
      await log.append(
        topic,
        numbered(0, 3, () => "one"),
      );
      const recorder = groupRecorder({ rejectFirst: true });
      const reader = await log.consume({ group: `reject-${topic}`, topics: [topic], onAssigned: recorder.onAssigned });
      cleanups.push(() => reader.stop());
      await waitFor(() => recorder.seen.length >= 3, { what: "the records after the rejection", deadlineMs: DEADLINE });
      expect(recorder.rejections()).toBe(1);
      expect(values(recorder.seen)).toEqual(["0", "1", "2"]);
    });

    test("nothing is called after stop resolved", async () => {
      const topic = await freshTopic();
      const opened = await openLog();
      let calls = 0;
      const tail: LogReader = await opened.tail({
        topic,
        from: "end",
        onRecords: () => {
          calls += 1;
        },
      });
      const member = await join(opened, `stop-${topic}`, topic);
      await log.append(topic, numbered(0, 5));
      await waitFor(() => calls > 0 && member.seen.length >= 5, { what: "first records", deadlineMs: DEADLINE });
      await Promise.all([tail.stop(), member.stop()]);
      const before = { calls, seen: member.seen.length };
      await log.append(topic, numbered(5, 50));
      const control = await join(log, `control-${topic}`, topic);
      await waitFor(() => control.seen.length >= 50, { what: "another group to see them", deadlineMs: DEADLINE });
      expect({ calls, seen: member.seen.length }).toEqual(before);
      await tail.stop();
    });

    test("the epoch is stable and changes when the topic is created anew", async () => {
      const topic = await freshTopic();
      const epoch = await log.epoch(topic);
      await log.ensureTopics([topic]);
      await log.append(topic, numbered(0, 3));
      expect(await (await openLog()).epoch(topic)).toBe(epoch);
      await harness.recreate(topic);
      expect(await log.epoch(topic)).not.toBe(epoch);
      expect((await log.ranges(topic)).every(({ low, high }) => low === 0n && high === 0n)).toBe(true);
    });

    test("an unknown topic is refused with NOT_FOUND", async () => {
      await expect(log.ranges("contract.absent")).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(log.append("contract.absent", [{ key: "a", value: "b" }])).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
    });

    test("check resolves while the store answers", async () => {
      await expect(log.check()).resolves.toBeUndefined();
    });
  });
}
