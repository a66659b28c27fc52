import { expect, test } from "vitest";
import { decodeRecord, type LiveEvent } from "../../../../gateway/live/event.ts";
import { createEventRing } from "../../../../gateway/live/ring.ts";
import { envelopeText } from "./memory-log.ts";

function eventAt(offset: bigint, key: string, sequence: number): LiveEvent {
  const value = envelopeText(key, sequence);
  return decodeRecord({ topic: "t", partition: 0, offset, key, value, appendedAt: new Date(0) });
}

const offsets = (events: readonly LiveEvent[]) => events.map(({ offset }) => offset);

test("an empty ring covers nothing but knows what comes next", () => {
  const ring = createEventRing(3, 40n);
  expect([ring.first, ring.next, ring.size]).toEqual([40n, 40n, 0]);
  expect(ring.after("a", 0n, 10)).toEqual([]);
});

test("a full ring drops the oldest and says where its cover begins", () => {
  const ring = createEventRing(3, 10n);
  for (const [index, key] of ["a", "b", "a", "a", "b"].entries()) {
    ring.push(eventAt(BigInt(10 + 2 * index), key, index + 1));
  }
  expect([ring.first, ring.next, ring.size]).toEqual([13n, 19n, 3]);
  expect(offsets(ring.after("a", 0n, 10))).toEqual([14n, 16n]);
  expect(offsets(ring.after("a", 15n, 10))).toEqual([16n]);
  expect(offsets(ring.after("a", 0n, 1))).toEqual([14n]);
  expect(offsets(ring.after("b", 0n, 10))).toEqual([18n]);
  expect(ring.lastBefore("a", 16n)?.offset).toBe(14n);
  expect(ring.lastBefore("a", 14n)).toBeUndefined();
});

test("a key that keeps coming is dropped from the front in constant memory", () => {
  const ring = createEventRing(10, 0n);
  for (let offset = 0n; offset < 5_000n; offset += 1n) ring.push(eventAt(offset, "a", Number(offset) + 1));
  expect(offsets(ring.after("a", 0n, 100))).toEqual(Array.from({ length: 10 }, (_, index) => 4_990n + BigInt(index)));
});

test("text that is no envelope, or an envelope of another key, keeps its place and nothing else", () => {
  const record = { topic: "t", partition: 0, offset: 1n, appendedAt: new Date(0) };
  for (const value of ["", "{", "[]", "null", '{"specversion":"1.0"}', envelopeText("b", 1)]) {
    expect(decodeRecord({ ...record, key: "a", value })).toMatchObject({ key: "a", offset: 1n, envelope: null });
  }
});
