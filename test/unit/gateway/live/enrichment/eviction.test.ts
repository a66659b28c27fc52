import pino from "pino";
import { expect, test } from "vitest";
import { evictBeforeDelivery } from "../../../../../gateway/live/enrichment/eviction.ts";
import { openTopicTail } from "../../../../../gateway/live/log/tail.ts";
import type { Eviction } from "../../../../../gateway/ports.ts";
import { createMemoryLog, envelopeText } from "../memory-log.ts";

const TOPIC = "orders.events";

/** Notes what is evicted (a subject, or everything), and when an event may be seen. */
async function openTail() {
  const log = createMemoryLog(TOPIC);
  const notes: string[] = [];
  let answer = Promise.resolve();
  const eviction: Eviction = {
    async evict(events) {
      await answer;
      notes.push(...events.map(({ subject }) => `evicted ${subject}`));
    },
    async evictAll() {
      notes.push("evicted all");
    },
  };
  const tail = await openTopicTail({
    log,
    topic: TOPIC,
    ring: { events: 10, bytes: 100_000 },
    logger: pino({ level: "silent" }),
    ...evictBeforeDelivery(eviction),
    onEvent: ({ offset }) => notes.push(`shown ${offset}`),
    onLost: () => undefined,
  });
  return {
    log,
    notes,
    tail,
    answerWith(promise: Promise<void>) {
      answer = promise;
    },
  };
}

test("an event enters its ring when what it made stale is gone, not before [S36]", async () => {
  const { log, notes, tail, answerWith } = await openTail();
  const { promise, resolve } = Promise.withResolvers<void>();
  answerWith(promise);
  await log.append(TOPIC, [{ key: "k", value: envelopeText("k", 1) }]);
  const advanced = log.advance();
  await new Promise((done) => setImmediate(done));
  expect(tail.ring(0)?.size).toBe(0);
  resolve();
  await advanced;
  expect(notes.slice(1)).toEqual(["evicted order-1", "shown 0"]);
  await tail.stop();
});

test("what happened before a tail was opened, or cannot be read, evicts everything", async () => {
  const { log, notes, tail } = await openTail();
  expect(notes).toEqual(["evicted all"]);
  await log.append(TOPIC, [{ key: "k", value: "no envelope" }]);
  await log.advance();
  expect(notes.slice(1)).toEqual(["evicted all", "shown 0"]);
  log.recreate();
  await tail.state();
  expect(notes.slice(3)).toEqual(["evicted all"]);
  await tail.stop();
});

test("without a cache nothing waits", () => {
  expect(evictBeforeDelivery(undefined)).toEqual({});
});
