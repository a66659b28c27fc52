import { pino } from "pino";
import { expect, test } from "vitest";
import { createCursorCodec } from "../../../../../gateway/live/log/cursor.ts";
import { startingPoint } from "../../../../../gateway/live/log/resume.ts";
import { openTopicTail } from "../../../../../gateway/live/log/tail.ts";
import { createMemoryLog, envelopeText } from "../memory-log.ts";

const TOPIC = "orders.events";
const cursors = createCursorCodec("a secret that is long enough for tests");

async function room() {
  const log = createMemoryLog(TOPIC);
  let recreated = 0;
  const tail = await openTopicTail({
    log,
    topic: TOPIC,
    ring: { events: 10, bytes: 100_000 },
    logger: pino({ level: "silent" }),
    onEvent: () => undefined,
    onLost(reason, concerns) {
      if (reason === "TOPIC_RECREATED" && concerns("k")) recreated += 1;
    },
  });
  const append = (from: number, to: number) =>
    log.append(
      TOPIC,
      Array.from({ length: to - from + 1 }, (_, index) => ({ key: "k", value: envelopeText("k", from + index) })),
    );
  const cursor = (next: bigint, more: { partition?: number; epoch?: string; key?: string } = {}) =>
    cursors.encode({ topic: TOPIC, epoch: tail.epoch, partition: 0, key: "k", next, sequence: null, ...more });
  const start = (text?: string) => startingPoint(tail, "k", text, cursors);
  return { log, tail, append, cursor, start, recreated: () => recreated };
}

test("a subscription without a cursor begins at the log's end, with the last sequence if the ring is sure of it", async () => {
  const { log, append, start } = await room();
  await append(1, 3);
  const behind = await start();
  expect(behind).toMatchObject({ position: (await log.ranges(TOPIC))[0]?.high, sequence: null });
  await log.advance();
  expect(await start()).toMatchObject({ position: behind.position, sequence: 3n });
});

test("each way in which a cursor can be useless has its reason", async () => {
  const { log, append, cursor, start } = await room();
  await append(1, 6);
  const reason = async (text: string) =>
    start(text).then(
      () => "accepted",
      ({ code, details }) => `${code} ${details.reason}`,
    );
  expect(await reason(cursor(3n))).toBe("accepted");
  expect(await reason("nonsense")).toBe("RESYNC_REQUIRED FOREIGN_CURSOR");
  expect(await reason("")).toBe("RESYNC_REQUIRED FOREIGN_CURSOR");
  expect(await reason(cursor(3n, { key: "other" }))).toBe("RESYNC_REQUIRED FOREIGN_CURSOR");
  expect(await reason(cursor(3n, { partition: 1 }))).toBe("RESYNC_REQUIRED UNKNOWN_PARTITION");
  expect(await reason(cursor(3n, { epoch: "0" }))).toBe("RESYNC_REQUIRED TOPIC_RECREATED");
  expect(await reason(cursor(99n))).toBe("RESYNC_REQUIRED TOPIC_RECREATED");
  log.purge(4n);
  expect(await reason(cursor(3n))).toBe("RESYNC_REQUIRED RETENTION");
});

test("a topic that was created anew is noticed, and its events are read from the start of the new one", async () => {
  const { log, tail, append, cursor, start, recreated } = await room();
  await append(1, 4);
  await log.advance();
  const old = cursor(2n);
  log.recreate();
  await expect(start(old)).rejects.toMatchObject({ code: "RESYNC_REQUIRED", details: { reason: "TOPIC_RECREATED" } });
  expect(recreated()).toBe(1);
  expect(tail.ring(0)?.next).toBe(0n);
  expect(await start()).toMatchObject({ position: 0n, sequence: null });
});
