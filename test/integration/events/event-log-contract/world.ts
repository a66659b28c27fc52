// What the tests of the contract share: a started log, others like it, topics of their own.
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll } from "vitest";
import type { EventLog, LogRecord } from "../../../../platform/events/event-log.ts";
import { groupRecorder } from "../group-recorder.ts";

export interface EventLogHarness {
  /** A started adapter, as another process would have it. */
  open(): Promise<EventLog>;
  /** Deletes the topic and creates it again, as an operator would. */
  recreate(topic: string): Promise<void>;
  /** Deletes the records of a partition below an offset, as retention would. */
  deleteBelow(topic: string, partition: number, offset: bigint): Promise<void>;
  close(): Promise<void>;
}

export const DEADLINE = 20_000;

export const numbered = (from: number, to: number, key = (index: number) => `key-${index % 7}`) =>
  Array.from({ length: to - from }, (_, index) => ({ key: key(from + index), value: String(from + index) }));
export const values = (records: readonly LogRecord[]) => records.map(({ value }) => value);
export const sorted = (texts: readonly string[]) => [...texts].sort((left, right) => Number(left) - Number(right));

export type ContractWorld = ReturnType<typeof contractWorld>;

/** Opened and closed by hooks of the suite that calls it; the log and the harness are not there before. */
export function contractWorld(createHarness: () => Promise<EventLogHarness>) {
  let harness: EventLogHarness;
  let log: EventLog;
  const cleanups: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    harness = await createHarness();
    log = await harness.open();
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });
  afterAll(async () => {
    await log?.stop();
    await harness?.close();
  });

  return {
    get harness() {
      return harness;
    },
    get log() {
      return log;
    },
    /** Runs after the test, the last one first. */
    atEnd(cleanup: () => Promise<void>): void {
      cleanups.push(cleanup);
    },
    async freshTopic(): Promise<string> {
      const topic = `contract.${randomUUID()}`;
      await log.ensureTopics([topic]);
      return topic;
    },
    async openLog(): Promise<EventLog> {
      const opened = await harness.open();
      cleanups.push(() => opened.stop());
      return opened;
    },
    async join(member: EventLog, group: string, topic: string, options?: { hold?: boolean }) {
      const recorder = groupRecorder(options);
      const reader = await member.consume({ group, topics: [topic], onAssigned: recorder.onAssigned });
      cleanups.push(() => reader.stop());
      return { ...recorder, stop: () => reader.stop() };
    },
    async readAll(topic: string): Promise<LogRecord[]> {
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
    },
  };
}
