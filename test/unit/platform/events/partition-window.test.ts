import fc from "fast-check";
import { expect, test } from "vitest";
import type { LogRecord } from "../../../../platform/events/event-log.ts";
import { createPartitionWindow } from "../../../../platform/events/partition-window.ts";

function record(offset: number, key: string): LogRecord {
  return { topic: "t", partition: 0, offset: BigInt(offset), key, value: "", appendedAt: new Date(0) };
}

/** Finishes records in the order that the schedule picks among those that may run. */
async function play(keys: readonly string[], picks: readonly number[], size: number, together: number) {
  const abort = new AbortController();
  const running: { key: string; finish: () => void }[] = [];
  const started: { offset: bigint; key: string }[] = [];
  const done = new Set<bigint>();
  const commits: bigint[] = [];
  const violations: string[] = [];
  const window = createPartitionWindow({
    assignment: {
      topic: "t",
      partition: 0,
      signal: abort.signal,
      commit(next) {
        commits.push(next);
        for (let offset = 0n; offset < next; offset += 1n)
          if (!done.has(offset)) violations.push(`committed ${next} before ${offset}`);
      },
    },
    size,
    together,
    process(records) {
      const [{ key } = { key: "" }] = records;
      if (records.length > together) violations.push("more at once than allowed");
      if (records.some((other) => other.key !== key)) violations.push("two keys at once");
      if (running.some((other) => other.key === key)) violations.push(`two of ${key} at once`);
      for (const { offset } of records) started.push({ offset, key });
      return new Promise<void>((resolve) => {
        running.push({
          key,
          finish() {
            for (const { offset } of records) done.add(offset);
            resolve();
          },
        });
      });
    },
  });
  const delivered = window.deliver(keys.map((key, offset) => record(offset, key)));
  for (let turn = 0; done.size < keys.length; turn += 1) {
    if (window.unfinished() > size) violations.push("more than the window holds");
    const [picked] = running.splice((picks[turn % picks.length] ?? 0) % Math.max(running.length, 1), 1);
    picked?.finish();
    await new Promise(setImmediate);
  }
  await delivered;
  return { started, commits, violations };
}

test("where order does not count, one record that is late holds up no other of its key", async () => {
  const late = Promise.withResolvers<void>();
  const done: bigint[] = [];
  const commits: bigint[] = [];
  const window = createPartitionWindow({
    assignment: {
      topic: "t",
      partition: 0,
      signal: new AbortController().signal,
      commit: (next) => commits.push(next),
    },
    size: 10,
    together: 5,
    order: "none",
    async process(records) {
      for (const { offset } of records) {
        if (offset === 0n) await late.promise;
        done.push(offset);
      }
    },
  });
  await window.deliver([0, 1, 2].map((offset) => record(offset, "one key")));
  await new Promise(setImmediate);
  expect([done, commits]).toEqual([[1n, 2n], []]);
  late.resolve();
  await new Promise(setImmediate);
  expect([done, commits.at(-1)]).toEqual([[1n, 2n, 0n], 3n]);
});

test("for any schedule: keys keep their order, no commit passes an unfinished record, the last commit covers all [S52]", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 25 }),
      fc.array(fc.nat(20), { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 4 }),
      async (keys, picks, size, together) => {
        const { started, commits, violations } = await play(keys, picks, size, together);
        expect(violations).toEqual([]);
        expect(commits.at(-1)).toBe(BigInt(keys.length));
        for (const key of new Set(keys)) {
          const own = started.filter((entry) => entry.key === key).map(({ offset }) => Number(offset));
          expect(own).toEqual([...own].sort((left, right) => left - right));
          expect(own).toHaveLength(keys.filter((candidate) => candidate === key).length);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("after an abort nothing new starts, deliver returns, and drain waits for what runs", async () => {
  const abort = new AbortController();
  const started: bigint[] = [];
  let finish: () => void = () => undefined;
  const commits: bigint[] = [];
  const window = createPartitionWindow({
    assignment: { topic: "t", partition: 0, signal: abort.signal, commit: (next) => commits.push(next) },
    size: 2,
    together: 1,
    process(records) {
      for (const { offset } of records) started.push(offset);
      return new Promise((resolve) => {
        finish = resolve;
      });
    },
  });
  const delivered = window.deliver([0, 1, 2, 3].map((offset) => record(offset, "a")));
  await new Promise(setImmediate);
  abort.abort();
  await delivered;
  let drained = false;
  const draining = window.drain().then(() => {
    drained = true;
  });
  await new Promise(setImmediate);
  expect(drained).toBe(false);
  finish();
  await draining;
  expect(started).toEqual([0n]);
  expect(commits).toEqual([1n]);
});

test("records of one key that are delivered together are handed over together", async () => {
  const handed: number[][] = [];
  const window = createPartitionWindow({
    assignment: { topic: "t", partition: 0, signal: new AbortController().signal, commit: () => undefined },
    size: 10,
    together: 3,
    async process(records) {
      handed.push(records.map(({ offset }) => Number(offset)));
    },
  });
  await window.deliver(["a", "a", "b", "a", "a"].map((key, offset) => record(offset, key)));
  await window.drain();
  expect(handed).toHaveLength(3);
  expect(handed).toEqual(expect.arrayContaining([[0, 1, 3], [2], [4]]));
});
