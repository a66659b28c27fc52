import fc from "fast-check";
import { expect, test } from "vitest";
import { createLatestQueue } from "../../../../../gateway/live/delivery/latest-queue.ts";
import type { ReadableEvent } from "../../../../../gateway/live/log/event.ts";
import { envelopeSchema } from "../../../../../platform/events/envelope.ts";
import { waitFor } from "../../../../support/wait.ts";
import { envelopeText } from "../memory-log.ts";

function eventAt(number: number, item: string | undefined): ReadableEvent {
  const envelope = envelopeSchema.parse(JSON.parse(envelopeText("k", number, { data: { item } })));
  return { partition: 0, offset: BigInt(number), key: "k", size: 1, sequence: BigInt(number), envelope };
}

const frameOf = (number: number, padding = "") =>
  `{"data":{"n":${number},"p":"${padding}"},"extensions":{"tributary":{"cursor":"${number}"}}}`;

interface Sent {
  readonly n: number;
  readonly cursor: string;
  readonly skipped: number;
}

function reader() {
  let open = Promise.withResolvers<void>();
  let congested = false;
  const sent: Sent[] = [];
  const queue = createLatestQueue({
    keyOf: ({ data }) => (typeof data["item"] === "string" ? data["item"] : undefined),
    writable: () => (congested ? open.promise : undefined),
    send(frame) {
      const { data, extensions } = JSON.parse(frame);
      sent.push({ n: data.n, cursor: extensions.tributary.cursor, skipped: extensions.tributary.skipped ?? 0 });
    },
  });
  return {
    queue,
    sent,
    pause() {
      if (!congested) open = Promise.withResolvers<void>();
      congested = true;
    },
    resume() {
      congested = false;
      open.resolve();
    },
  };
}

test("a reader who keeps up is sent every event as it comes", () => {
  const { queue, sent } = reader();
  for (let n = 1; n <= 3; n += 1) queue.offer(eventAt(n, "a"), frameOf(n));
  expect(sent.map(({ n, skipped }) => [n, skipped])).toEqual([
    [1, 0],
    [2, 0],
    [3, 0],
  ]);
  expect(queue.sent()).toBeUndefined();
});

test("the newest event of each key waits, in the order of the log, and a frame counts what was left out before it", async () => {
  const { queue, sent, pause, resume } = reader();
  queue.offer(eventAt(1, "a"), frameOf(1));
  pause();
  // a: 2, 5; b: 3, 4, 6; without a key: 7
  for (const [n, item] of [
    [2, "a"],
    [3, "b"],
    [4, "b"],
    [5, "a"],
    [6, "b"],
    [7, undefined],
    [8, undefined],
  ] as const) {
    queue.offer(eventAt(n, item), frameOf(n));
  }
  expect(sent).toHaveLength(1);
  expect(queue.sent()).toEqual({ next: 2n, sequence: 1n });
  resume();
  await waitFor(() => queue.sent() === undefined, { what: "the flush" });
  expect(sent.slice(1)).toEqual([
    { n: 5, cursor: "5", skipped: 3 },
    { n: 6, cursor: "6", skipped: 0 },
    { n: 7, cursor: "7", skipped: 0 },
    { n: 8, cursor: "8", skipped: 0 },
  ]);
});

test("whatever the reader does: the last frame per key is its newest event, cursors rise, and every event up to a frame was sent or counted", async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("a", "b", "c", undefined) },
    { weight: 1, arbitrary: fc.constantFrom("pause" as const, "resume" as const, "tick" as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { queue, sent, pause, resume } = reader();
      const newest = new Map<string, number>();
      let n = 0;
      for (const what of steps) {
        if (what === "pause") pause();
        else if (what === "resume") resume();
        else if (what === "tick") await new Promise((resolve) => setImmediate(resolve));
        else {
          n += 1;
          queue.offer(eventAt(n, what), frameOf(n));
          newest.set(what ?? String(n), n);
        }
        const waits = queue.sent();
        if (waits !== undefined)
          expect(Number(waits.sequence)).toBe(sent.reduce((sum, { skipped }) => sum + skipped + 1, 0));
      }
      resume();
      await waitFor(() => queue.sent() === undefined, { what: "the flush" });
      let counted = 0;
      for (const frame of sent) {
        counted += frame.skipped + 1;
        expect(frame.n).toBe(counted);
      }
      expect(counted).toBe(n);
      for (const last of newest.values()) expect(sent.map((frame) => frame.n)).toContain(last);
    }),
  );
});

test("more keys than may wait are written out, so that the connection's own bound decides", async () => {
  const { queue, sent, pause } = reader();
  pause();
  for (let n = 1; n <= 1_000; n += 1) queue.offer(eventAt(n, `item ${n}`), frameOf(n));
  expect(queue.hasRoom(1)).toBe(false);
  expect(sent).toHaveLength(0);
  queue.offer(eventAt(1_001, "one more"), frameOf(1_001));
  expect(sent).toHaveLength(1_001);
});

test("long frames are written out before they fill the memory", () => {
  const { queue, sent, pause } = reader();
  pause();
  for (let n = 1; n <= 3; n += 1) queue.offer(eventAt(n, `item ${n}`), frameOf(n, "x".repeat(100_000)));
  expect(sent).toHaveLength(3);
});

test("what waits is forgotten with the subscription", async () => {
  const { queue, sent, pause, resume } = reader();
  pause();
  queue.offer(eventAt(1, "a"), frameOf(1));
  queue.clear();
  resume();
  await new Promise((resolve) => setImmediate(resolve));
  expect(sent).toEqual([]);
});
