import fc from "fast-check";
import { expect, test } from "vitest";
import type { LogRecord } from "../../../../platform/events/event-log.ts";
import { createPartitionWindow } from "../../../../platform/events/partition-window.ts";

function record(offset: number, key: string): LogRecord {
  return { topic: "t", partition: 0, offset: BigInt(offset), key, value: "", appendedAt: new Date(0) };
}

/** Finishes records in the order that the schedule picks among those that may run. */
async function play(keys: readonly string[], picks: readonly number[], size: number) {
  const abort = new AbortController();
  const running: { offset: bigint; key: string; finish: () => void }[] = [];
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
    process({ offset, key }) {
      if (running.some((other) => other.key === key)) violations.push(`two of ${key} at once`);
      started.push({ offset, key });
      return new Promise<void>((resolve) => {
        running.push({
          offset,
          key,
          finish() {
            done.add(offset);
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

test("for any schedule: keys keep their order, no commit passes an unfinished record, the last commit covers all [S52]", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 25 }),
      fc.array(fc.nat(20), { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 8 }),
      async (keys, picks, size) => {
        const { started, commits, violations } = await play(keys, picks, size);
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
    process({ offset }) {
      started.push(offset);
      return new Promise((resolve) => {
        finish = resolve;
      });
    },
  });
  const delivered = window.deliver([0, 1, 2, 3].map((offset) => record(offset, "a")));
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
