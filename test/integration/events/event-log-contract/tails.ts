// Tails: from where they read, and what they say when it is gone.
import { expect, test } from "vitest";
import type { LogRecord } from "../../../../platform/events/event-log.ts";
import { waitFor } from "../../../support/wait.ts";
import { type ContractWorld, DEADLINE, numbered, sorted, values } from "./world.ts";

export function describeTails(world: ContractWorld): void {
  const { freshTopic, openLog } = world;

  test("a tail from the end sees everything appended after it resolved and nothing from before", async () => {
    const topic = await freshTopic();
    await world.log.append(topic, numbered(0, 20));
    const other = await openLog();
    const seen: LogRecord[] = [];
    const tail = await other.tail({ topic, from: "end", onRecords: (_, records) => void seen.push(...records) });
    world.atEnd(() => tail.stop());
    await world.log.append(topic, numbered(20, 300));
    await waitFor(() => seen.length >= 280, { what: "280 records at the tail", deadlineMs: DEADLINE });
    expect(sorted(values(seen))).toEqual(numbered(20, 300).map(({ value }) => value));
  });

  test("a tail starts exactly at given positions and hands a partition's records on one batch at a time", async () => {
    const topic = await freshTopic();
    const partition = await world.log.partitionOf(topic, "one");
    await world.log.append(
      topic,
      numbered(0, 30, () => "one"),
    );
    const seen: LogRecord[] = [];
    let running = 0;
    let overlap = false;
    const tail = await world.log.tail({
      topic,
      from: new Map([[partition, 12n]]),
      async onRecords(_, records) {
        running += 1;
        overlap ||= running > 1;
        await new Promise(setImmediate);
        seen.push(...records);
        running -= 1;
      },
    });
    world.atEnd(() => tail.stop());
    await waitFor(() => seen.length >= 18, { what: "the backlog", deadlineMs: DEADLINE });
    await world.log.append(
      topic,
      numbered(30, 40, () => "one"),
    );
    await waitFor(() => seen.length >= 28, { what: "the live records", deadlineMs: DEADLINE });
    expect(seen.map(({ offset }) => Number(offset))).toEqual(Array.from({ length: 28 }, (_, index) => index + 12));
    expect(overlap).toBe(false);
  });

  test("a tail whose records were deleted says so and goes on at the first kept one", async () => {
    const topic = await freshTopic();
    const partition = await world.log.partitionOf(topic, "one");
    await world.log.append(
      topic,
      numbered(0, 10, () => "one"),
    );
    await world.harness.deleteBelow(topic, partition, 6n);
    const seen: LogRecord[] = [];
    const interruptions: Error[] = [];
    const gaps: [number, bigint, number][] = [];
    const tail = await world.log.tail({
      topic,
      from: new Map([[partition, 2n]]),
      onRecords: (_, records) => void seen.push(...records),
      onInterruption: (problem) => interruptions.push(problem),
      onGap: (place, low) => gaps.push([place, low, seen.length]),
    });
    world.atEnd(() => tail.stop());
    await waitFor(() => seen.length >= 4, { what: "the kept records", deadlineMs: DEADLINE });
    expect(values(seen)).toEqual(["6", "7", "8", "9"]);
    expect(interruptions.length).toBeGreaterThanOrEqual(1);
    expect(gaps).toEqual([[partition, 6n, 0]]);
  });

  test("a tail with given positions reads a partition that is not among them from its beginning", async () => {
    const topic = await freshTopic();
    const partition = await world.log.partitionOf(topic, "one");
    await world.log.append(
      topic,
      numbered(0, 5, () => "one"),
    );
    const seen: LogRecord[] = [];
    const tail = await world.log.tail({
      topic,
      from: new Map([[(partition + 1) % 4, 0n]]),
      onRecords: (_, records) => void seen.push(...records),
    });
    world.atEnd(() => tail.stop());
    await waitFor(() => seen.length >= 5, { what: "the records", deadlineMs: DEADLINE });
    expect(values(seen)).toEqual(["0", "1", "2", "3", "4"]);
  });
}
