import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRecord, type LiveEvent } from "../../../../../gateway/live/log/event.ts";
import { createEventRing } from "../../../../../gateway/live/log/ring.ts";
import { envelopeText } from "../memory-log.ts";

function eventAt(offset: bigint, key: string, sequence: number): LiveEvent {
  const value = envelopeText(key, sequence);
  return decodeRecord({ topic: "t", partition: 0, offset, key, value, appendedAt: new Date(0) });
}

const offsets = (events: readonly LiveEvent[]) => events.map(({ offset }) => offset);

test("an empty ring covers nothing but knows what comes next", () => {
  const ring = createEventRing({ events: 3, bytes: 1_000_000 }, 40n);
  expect([ring.first, ring.next, ring.size]).toEqual([40n, 40n, 0]);
  expect(ring.after("a", 0n, 10)).toEqual([]);
});

test("a full ring drops the oldest and says where its cover begins", () => {
  const ring = createEventRing({ events: 3, bytes: 1_000_000 }, 10n);
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
  const ring = createEventRing({ events: 10, bytes: 1_000_000 }, 0n);
  for (let offset = 0n; offset < 5_000n; offset += 1n) ring.push(eventAt(offset, "a", Number(offset) + 1));
  expect(offsets(ring.after("a", 0n, 100))).toEqual(Array.from({ length: 10 }, (_, index) => 4_990n + BigInt(index)));
});

test("text that is no envelope, or an envelope of another key, keeps its place and nothing else", () => {
  const record = { topic: "t", partition: 0, offset: 1n, appendedAt: new Date(0) };
  for (const value of ["", "{", "[]", "null", '{"specversion":"1.0"}', envelopeText("b", 1)]) {
    expect(decodeRecord({ ...record, key: "a", value })).toMatchObject({ key: "a", offset: 1n, envelope: null });
  }
});

test("the bound in bytes drops the oldest, and an event above the whole bound is held alone", () => {
  const small = eventAt(1n, "a", 1).size;
  const large = (offset: bigint, key: string): LiveEvent => ({ ...eventAt(offset, key, 1), size: 10 * small });
  const ring = createEventRing({ events: 100, bytes: 3 * small }, 0n);
  for (const offset of [1n, 2n, 3n, 4n]) ring.push(eventAt(offset, "a", Number(offset)));
  expect([ring.first, ring.next, ring.size, ring.bytes]).toEqual([2n, 5n, 3, 3 * small]);
  ring.push(large(6n, "b"));
  expect([ring.first, ring.next, ring.size, ring.bytes]).toEqual([5n, 7n, 1, 10 * small]);
  expect(offsets(ring.after("b", 5n, 10))).toEqual([6n]);
  expect(ring.after("a", 0n, 10)).toEqual([]);
  ring.push(eventAt(7n, "a", 5));
  expect([ring.first, ring.next, ring.size, ring.bytes]).toEqual([7n, 8n, 1, small]);
});

test("whatever is pushed, the ring holds exactly the newest events that both bounds allow", () => {
  const pushed = fc.record({
    gap: fc.integer({ min: 1, max: 3 }),
    key: fc.nat(2),
    size: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(
    fc.property(
      fc.array(pushed, { maxLength: 200 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 120 }),
      (pushes, maxEvents, maxBytes) => {
        const ring = createEventRing({ events: maxEvents, bytes: maxBytes }, 0n);
        let model: LiveEvent[] = [];
        let first = 0n;
        let offset = -1n;
        const bytes = (events: readonly LiveEvent[]) => events.reduce((sum, { size }) => sum + size, 0);
        for (const { gap, key, size } of pushes) {
          offset += BigInt(gap);
          const event: LiveEvent = { partition: 0, offset, key: `k${key}`, size, sequence: null, envelope: null };
          ring.push(event);
          model = [...model, event];
          while (model.length > 1 && (model.length > maxEvents || bytes(model) > maxBytes)) {
            first = (model[0]?.offset ?? 0n) + 1n;
            model = model.slice(1);
          }
          expect([ring.first, ring.next, ring.size, ring.bytes]).toEqual([
            first,
            offset + 1n,
            model.length,
            bytes(model),
          ]);
        }
        for (const key of ["k0", "k1", "k2", "k3"]) {
          const own = model.filter((event) => event.key === key);
          for (const from of [0n, first, first + 5n, offset, offset + 1n]) {
            const due = own.filter((event) => event.offset >= from);
            expect(ring.after(key, from, 1_000)).toEqual(due);
            expect(ring.after(key, from, 2)).toEqual(due.slice(0, 2));
            expect(ring.lastBefore(key, from)).toEqual(own.filter((event) => event.offset < from).at(-1));
          }
        }
      },
    ),
  );
});
