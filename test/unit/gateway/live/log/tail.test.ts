import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { createCursorCodec } from "../../../../../gateway/live/log/cursor.ts";
import { startingPoint } from "../../../../../gateway/live/log/resume.ts";
import { openTopicTail } from "../../../../../gateway/live/log/tail.ts";
import type { EventLog } from "../../../../../platform/events/event-log.ts";
import { partitionForKey } from "../../../../../platform/events/partitioner.ts";
import { createMemoryLog, envelopeText, type MemoryLog } from "../memory-log.ts";

const TOPIC = "orders.events";
const cursors = createCursorCodec("a secret that is long enough for tests");
const KEYS = Array.from({ length: 20 }, (_, index) => `k${index}`);
const STAYER = KEYS.find((key) => partitionForKey(key, 2) === 0) ?? "";
const MOVER = KEYS.find((key) => partitionForKey(key, 2) === 1) ?? "";

async function openTail(memory: MemoryLog, changes: Partial<EventLog> = {}) {
  const happened: string[] = [];
  const tail = await openTopicTail({
    log: { ...memory, ...changes },
    topic: TOPIC,
    ring: { events: 2, bytes: 100_000 },
    logger: pino({ level: "silent" }),
    onEvent: ({ key, sequence }) => happened.push(`${key} ${sequence}`),
    onLost(reason, concerns) {
      for (const key of [STAYER, MOVER]) if (concerns(key)) happened.push(`${key} ${reason}`);
    },
  });
  return { tail, happened };
}

function append(log: EventLog, key: string, from: number, to: number) {
  const values = Array.from({ length: to - from + 1 }, (_, index) => envelopeText(key, from + index));
  return log.append(
    TOPIC,
    values.map((value) => ({ key, value })),
  );
}

test("records that retention took before the tail read them end every stream of the partition before the next event", async () => {
  const log = createMemoryLog(TOPIC);
  const { tail, happened } = await openTail(log);
  await append(log, STAYER, 1, 6);
  await log.advance(2);
  const low = 6n;
  log.purge(low);
  await log.advance();
  expect(happened.slice(0, 4)).toEqual([`${STAYER} 1`, `${STAYER} 2`, `${STAYER} RETENTION`, `${MOVER} RETENTION`]);
  expect(happened[4]).toBe(`${STAYER} 5`);
  // A reader before the hole does not find the ring, which would hide it.
  expect(tail.ring(0)?.first).toBeGreaterThanOrEqual(low);
  await expect(tail.page(0, 3n)).rejects.toMatchObject({ details: { reason: "RETENTION" } });
  await tail.stop();
});

test("a page read while the topic was created anew is not served, whatever it holds", async () => {
  const log = createMemoryLog(TOPIC);
  await append(log, STAYER, 1, 8);
  const { tail, happened } = await openTail(log, {
    async read(request) {
      log.recreate();
      await append(log, STAYER, 101, 108);
      return log.read(request);
    },
  });
  await append(log, STAYER, 9, 12);
  await log.advance();
  await expect(tail.page(0, 0n)).rejects.toMatchObject({ details: { reason: "TOPIC_RECREATED" } });
  await tail.state();
  expect(happened).toContain(`${STAYER} TOPIC_RECREATED`);
  await tail.stop();
});

test("a topic that grows ends the streams whose key moves, and later records of theirs in the former partition do so again", async () => {
  const log = createMemoryLog(TOPIC);
  let grown = false;
  const { tail, happened } = await openTail(log, {
    ranges: async (topic) => [...(await log.ranges(topic)), ...(grown ? [{ partition: 1, low: 0n, high: 4n }] : [])],
  });
  expect(tail.partitionOf(MOVER)).toBe(0);
  grown = true;
  const { ranges } = await tail.state();
  expect(happened).toEqual([`${MOVER} UNKNOWN_PARTITION`]);
  expect([tail.partitionOf(STAYER), tail.partitionOf(MOVER)]).toEqual([0, 1]);
  expect(await startingPoint(tail, MOVER, undefined, cursors)).toMatchObject({
    partition: 1,
    position: ranges.get(1)?.high,
    sequence: null,
  });
  await append(log, STAYER, 1, 1);
  await append(log, MOVER, 9, 9);
  await log.advance();
  expect(happened.slice(1)).toEqual([`${STAYER} 1`, `${MOVER} UNKNOWN_PARTITION`, `${MOVER} 9`]);
  await tail.stop();
});

test("an event that is stored in the former partition while somebody subscribes is not passed over", async () => {
  const log = createMemoryLog(TOPIC);
  let meanwhile = async (): Promise<void> => undefined;
  const { tail } = await openTail(log, {
    async ranges(topic) {
      const ranges = [...(await log.ranges(topic)), { partition: 1, low: 0n, high: 0n }];
      await meanwhile();
      return ranges;
    },
  });
  await append(log, MOVER, 1, 1);
  await log.advance();
  // What was stored before the subscription is none of its business.
  expect(await startingPoint(tail, MOVER, undefined, cursors)).toMatchObject({ partition: 1 });
  meanwhile = async () => {
    await append(log, MOVER, 2, 2);
    await log.advance();
  };
  await expect(startingPoint(tail, MOVER, undefined, cursors)).rejects.toMatchObject({
    code: "RESYNC_REQUIRED",
    details: { reason: "UNKNOWN_PARTITION" },
  });
  await tail.stop();
});

test("records of a partition that the tail saw first wait until the partition is known", async () => {
  const log = createMemoryLog(TOPIC);
  let grown = false;
  let deliver: ((partition: number) => void | Promise<void>) | undefined;
  const { tail, happened } = await openTail(log, {
    ranges: async (topic) => [...(await log.ranges(topic)), ...(grown ? [{ partition: 1, low: 0n, high: 1n }] : [])],
    tail(options) {
      const value = envelopeText(MOVER, 1);
      const record = { topic: TOPIC, partition: 1, offset: 0n, key: MOVER, value, appendedAt: new Date(0) };
      deliver = (partition) => options.onRecords(partition, [record]);
      return log.tail(options);
    },
  });
  const delivered = deliver?.(1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(happened).toEqual([]);
  grown = true;
  await delivered;
  expect(happened).toEqual([`${MOVER} UNKNOWN_PARTITION`, `${MOVER} 1`]);
  expect(tail.ring(1)).toMatchObject({ first: 0n, next: 1n });
  await tail.stop();
});

test("a tail that is behind its log, or cannot ask it, says again and again that something may be missed", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const log = createMemoryLog(TOPIC);
  let missed = 0;
  let ranges = log.ranges;
  const tail = await openTopicTail({
    log: { ...log, ranges: (topic) => ranges(topic) },
    topic: TOPIC,
    ring: { events: 2, bytes: 100_000 },
    logger: pino({ level: "silent" }),
    onMissed: () => {
      missed += 1;
    },
    onEvent: () => undefined,
    onLost: () => undefined,
  });
  async function missedIn(looks: number): Promise<number> {
    const before = missed;
    for (let look = 0; look < looks; look += 1) {
      vi.advanceTimersByTime(2_500);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return missed - before;
  }
  expect(await missedIn(3)).toBe(0);
  await append(log, STAYER, 1, 2);
  // The first look sees what is stored, the next ones that it has not come.
  expect(await missedIn(3)).toBe(2);
  await log.advance();
  expect(await missedIn(3)).toBe(0);
  ranges = () => Promise.reject(new Error("away"));
  expect(await missedIn(2)).toBe(2);
  ranges = () => new Promise(() => undefined);
  expect(await missedIn(3)).toBe(2);
  await tail.stop();
});
