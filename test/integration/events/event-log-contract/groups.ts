// Groups: who gets which records, and what is delivered again.
import { expect, test } from "vitest";
import type { LogReader, LogRecord } from "../../../../platform/events/event-log.ts";
import { waitFor } from "../../../support/wait.ts";
import { groupRecorder } from "../group-recorder.ts";
import { type ContractWorld, DEADLINE, numbered, sorted, values } from "./world.ts";

/**
 * What a member was given, without repetitions: one that a busy machine keeps from answering loses its partitions, and
 * gets again what it had not committed.
 */
const distinct = ({ seen }: { readonly seen: readonly LogRecord[] }) => [...new Set(values(seen))];

export function describeGroups(world: ContractWorld): void {
  const { freshTopic, openLog, join } = world;

  test("three groups each see every record [S45]", async () => {
    const topic = await freshTopic();
    await world.log.append(topic, numbered(0, 30));
    const groups = await Promise.all(["a", "b", "c"].map((group) => join(world.log, `${group}-${topic}`, topic)));
    await world.log.append(topic, numbered(30, 40));
    for (const group of groups) {
      await waitFor(() => distinct(group).length >= 40, { what: "40 records in each group", deadlineMs: DEADLINE });
      expect(sorted(distinct(group))).toEqual(Array.from({ length: 40 }, (_, index) => String(index)));
    }
  });

  test("two members of a group share the partitions, and a leaver's go to the other", async () => {
    const topic = await freshTopic();
    const group = `share-${topic}`;
    const first = await join(world.log, group, topic);
    const second = await join(await openLog(), group, topic);
    await waitFor(() => first.assigned().length === 2 && second.assigned().length === 2, {
      what: "two partitions each",
      deadlineMs: DEADLINE,
    });
    await world.log.append(
      topic,
      numbered(0, 100, (index) => `key-${index}`),
    );
    const everything = () => new Set([...values(first.seen), ...values(second.seen)]);
    await waitFor(() => everything().size === 100, { what: "100 records", deadlineMs: DEADLINE });
    expect(first.seen.length).toBeGreaterThan(0);
    expect(second.seen.length).toBeGreaterThan(0);
    await second.stop();
    await waitFor(() => first.assigned().length === 4, {
      what: "all partitions at the one left",
      deadlineMs: DEADLINE,
    });
    await world.log.append(
      topic,
      numbered(100, 140, (index) => `key-${index}`),
    );
    await waitFor(() => everything().size === 140, { what: "140 records", deadlineMs: DEADLINE });
  });

  test("records delivered but not committed are delivered again to the next member [S47]", async () => {
    const topic = await freshTopic();
    const group = `crash-${topic}`;
    await world.log.append(
      topic,
      numbered(0, 12, () => "one"),
    );
    const first = await join(await openLog(), group, topic, { hold: true });
    await waitFor(() => first.seen.length >= 12, { what: "12 records", deadlineMs: DEADLINE });
    first.commitUpTo(5n);
    await first.stop();
    const second = await join(await openLog(), group, topic);
    await waitFor(() => second.seen.length >= 7, { what: "the uncommitted records", deadlineMs: DEADLINE });
    expect(distinct(second)).toEqual(["5", "6", "7", "8", "9", "10", "11"]);
  });

  test("a restarted group continues at its commit [S49]", async () => {
    const topic = await freshTopic();
    const group = `restart-${topic}`;
    const partition = await world.log.partitionOf(topic, "one");
    await world.log.append(
      topic,
      numbered(0, 20, () => "one"),
    );
    const first = await join(await openLog(), group, topic);
    await waitFor(async () => (await world.log.committed(group, topic)).get(partition) === 20n, {
      what: "the commit",
      deadlineMs: DEADLINE,
    });
    await first.stop();
    await world.log.append(
      topic,
      numbered(20, 25, () => "one"),
    );
    const second = await join(await openLog(), group, topic);
    await waitFor(() => second.seen.length >= 5, { what: "the new records", deadlineMs: DEADLINE });
    expect(distinct(second)).toEqual(["20", "21", "22", "23", "24"]);
  });

  test("a rejected delivery is made again from the last commit", async () => {
    const topic = await freshTopic();
    await world.log.append(
      topic,
      numbered(0, 3, () => "one"),
    );
    const recorder = groupRecorder({ rejectFirst: true });
    const reader = await world.log.consume({
      group: `reject-${topic}`,
      topics: [topic],
      onAssigned: recorder.onAssigned,
    });
    world.atEnd(() => reader.stop());
    await waitFor(() => recorder.seen.length >= 3, { what: "the records after the rejection", deadlineMs: DEADLINE });
    expect(recorder.rejections()).toBe(1);
    expect(distinct(recorder)).toEqual(["0", "1", "2"]);
  });

  test("nothing is called after stop resolved", async () => {
    const topic = await freshTopic();
    const opened = await openLog();
    let calls = 0;
    const tail: LogReader = await opened.tail({
      topic,
      from: "end",
      onRecords: () => {
        calls += 1;
      },
    });
    const member = await join(opened, `stop-${topic}`, topic);
    await world.log.append(topic, numbered(0, 5));
    await waitFor(() => calls > 0 && member.seen.length >= 5, { what: "first records", deadlineMs: DEADLINE });
    await Promise.all([tail.stop(), member.stop()]);
    const before = { calls, seen: member.seen.length };
    await world.log.append(topic, numbered(5, 50));
    const control = await join(world.log, `control-${topic}`, topic);
    await waitFor(() => control.seen.length >= 50, { what: "another group to see them", deadlineMs: DEADLINE });
    expect({ calls, seen: member.seen.length }).toEqual(before);
    await tail.stop();
  });
}
