import { expect, test } from "vitest";
import { createLogPages, type LogPage } from "../../../../../gateway/live/log/log-pages.ts";
import { AppError } from "../../../../../platform/errors/app-error.ts";
import type { LogRecord } from "../../../../../platform/events/event-log.ts";
import { envelopeText } from "../memory-log.ts";

const SIZE = Buffer.byteLength(envelopeText("k0", 1000)) + 2;

/** A partition with the offsets 0…999, of which every fourth is of a key, and pages over it. */
function partition({ maxBytes = 1_000_000, atMost = 1_000, step = 1n } = {}) {
  const records: LogRecord[] = Array.from({ length: 1_000 }, (_, index) => {
    const key = `k${index % 4}`;
    const value = envelopeText(key, 1_000 + index);
    return { topic: "t", partition: 0, offset: BigInt(index) * step, key, value, appendedAt: new Date(0) };
  });
  const reads: bigint[] = [];
  const state = { low: 0n, seenLow: 0n, first: 1_000n * step };
  const pages = createLogPages({
    maxBytes,
    async read(from, limit) {
      reads.push(from);
      await new Promise((resolve) => setImmediate(resolve));
      if (from < state.low) throw new AppError("OFFSET_OUT_OF_RANGE", "gone");
      return records.filter(({ offset }) => offset >= from).slice(0, Math.min(limit, atMost));
    },
    ringFirst: () => state.first,
    low: () => state.seenLow,
    async refreshLow() {
      state.seenLow = state.low;
    },
  });
  return { pages, reads, state };
}

const retention = { code: "RESYNC_REQUIRED", details: { reason: "RETENTION" } };
const offsets = (page: LogPage, key: string, from: bigint) =>
  page.after(key, from, 1_000).map(({ offset }) => Number(offset));
const everyFourth = (from: number, below: number) =>
  Array.from({ length: Math.ceil((below - from) / 4) }, (_, index) => from + 4 * index);

test("readers at different positions of a page share one read, and those who come later need none", async () => {
  const { pages, reads } = partition();
  const found = await Promise.all([0n, 7n, 100n, 255n].map((position) => pages.at(position)));
  expect(new Set(found).size).toBe(1);
  expect(reads).toEqual([0n]);
  const page = pages.at(13n);
  if (page instanceof Promise) throw new Error("the page was not held");
  expect([page.from, page.next]).toEqual([0n, 256n]);
  expect(offsets(page, "k1", 10n)).toEqual(everyFourth(13, 256));
});

test("a read that brings less than a page is continued where it ended", async () => {
  const { pages, reads } = partition({ atMost: 100 });
  const page = await pages.at(250n);
  expect(reads).toEqual([0n, 100n, 200n]);
  expect(page.next).toBe(256n);
  expect(offsets(page, "k0", 0n)).toEqual(everyFourth(0, 256));
});

test("offsets with holes are passed: a page ends where the next begins, and the log's end at the ring", async () => {
  const { pages, reads } = partition({ step: 100n });
  const page = await pages.at(210n);
  expect([page.from, page.next]).toEqual([0n, 256n]);
  expect(reads).toEqual([0n]);
  const hole = await pages.at(310n);
  expect([hole.next, offsets(hole, "k3", 0n)]).toEqual([512n, [300]]);
});

test("nothing between the last record and the ring is an empty page up to the ring", async () => {
  const { pages, state } = partition();
  state.first = 1_010n;
  const page = await pages.at(1_005n);
  expect([page.next, offsets(page, "k0", 1_005n)]).toEqual([1_010n, []]);
});

test("a log that lost its end is an outage, not an endless search", async () => {
  const { pages, state } = partition();
  state.first = 1_003n;
  await expect(pages.at(1_005n)).rejects.toMatchObject({ code: "EVENT_LOG_UNAVAILABLE" });
});

test("a page whose start was trimmed tells those behind it and serves the others", async () => {
  const { pages, state, reads } = partition();
  state.low = 120n;
  const [behind, kept] = await Promise.allSettled([pages.at(50n), pages.at(120n)]);
  expect(behind).toMatchObject({ status: "rejected", reason: retention });
  if (kept.status === "rejected") throw kept.reason;
  expect([kept.value.from, kept.value.next]).toEqual([120n, 256n]);
  expect(offsets(kept.value, "k0", 0n)).toEqual(everyFourth(120, 256));
  expect(reads).toEqual([0n, 120n]);
  await expect(pages.at(119n)).rejects.toMatchObject(retention);
});

test("a page that was trimmed between two of its reads tells of it instead of going on behind the hole", async () => {
  const { pages, state } = partition({ atMost: 100 });
  await pages.at(50n);
  state.low = 150n;
  await expect(pages.at(100n)).rejects.toMatchObject(retention);
  expect(offsets(await pages.at(150n), "k2", 0n)[0]).toBe(150);
});

test("pages together stay within their bound in bytes: the one used longest ago goes first", async () => {
  const { pages, reads } = partition({ maxBytes: 2 * 256 * SIZE });
  await pages.at(0n);
  await pages.at(256n);
  await pages.at(0n);
  await pages.at(512n);
  await pages.at(0n);
  expect(reads).toEqual([0n, 256n, 512n]);
  await pages.at(256n);
  expect(reads).toEqual([0n, 256n, 512n, 256n]);
});

test("a page above the whole bound is served all the same, once to everybody who waits", async () => {
  const { pages, reads } = partition({ maxBytes: 1 });
  const found = await Promise.all([1n, 2n, 300n, 3n, 301n].map((position) => pages.at(position)));
  expect(found.map(({ from }) => from)).toEqual([0n, 0n, 256n, 0n, 256n]);
  expect(reads).toEqual([0n, 256n]);
});
