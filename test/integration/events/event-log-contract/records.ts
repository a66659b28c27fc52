// What is appended: stored whole and in order, read back by range, refused where there is nothing.
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { type ContractWorld, numbered, values } from "./world.ts";

export function describeRecords(world: ContractWorld): void {
  const { freshTopic, openLog, readAll } = world;

  test("records of a key are read in the order of their appends, byte for byte", async () => {
    const topic = await freshTopic();
    const text = '{"name":"Ünïcode \\u0000 🌊","n":1}';
    await world.log.append(topic, numbered(0, 50));
    await world.log.append(topic, [...numbered(50, 60), { key: "text", value: text }]);
    const all = await readAll(topic);
    expect(all).toHaveLength(61);
    for (let key = 0; key < 7; key += 1) {
      const own = all.filter((record) => record.key === `key-${key}`).map(({ value }) => Number(value));
      expect(own).toEqual([...own].sort((left, right) => left - right));
    }
    expect(all.find(({ key }) => key === "text")?.value).toBe(text);
    for (const record of all) {
      expect(record.topic).toBe(topic);
      expect(record.partition).toBe(await world.log.partitionOf(topic, record.key));
      expect(Math.abs(record.appendedAt.getTime() - Date.now())).toBeLessThan(60_000);
    }
  });

  test("a key stays in one partition and keys spread over several", async () => {
    const topic = await freshTopic();
    const partitions = new Set<number>();
    for (let index = 0; index < 40; index += 1) partitions.add(await world.log.partitionOf(topic, `org_${index}`));
    expect(partitions.size).toBeGreaterThan(1);
    expect(await (await openLog()).partitionOf(topic, "org_1")).toBe(await world.log.partitionOf(topic, "org_1"));
  });

  test("concurrent appends are all stored, each in its own order", async () => {
    const topic = await freshTopic();
    await Promise.all(
      Array.from({ length: 8 }, (_, writer) =>
        world.log.append(
          topic,
          Array.from({ length: 25 }, (__, index) => ({ key: `k${index % 3}`, value: `${writer}:${index}` })),
        ),
      ),
    );
    const all = await readAll(topic);
    expect(new Set(values(all)).size).toBe(200);
    for (let writer = 0; writer < 8; writer += 1) {
      for (let key = 0; key < 3; key += 1) {
        const own = all
          .filter((r) => r.key === `k${key}` && r.value.startsWith(`${writer}:`))
          .map((r) => Number(r.value.split(":")[1]));
        expect(own).toEqual([...own].sort((left, right) => left - right));
      }
    }
  });

  test("ranges tell the first kept and the next offset, and a read below them is refused", async () => {
    const topic = await freshTopic();
    const partition = await world.log.partitionOf(topic, "one");
    const range = async () => (await world.log.ranges(topic)).find((candidate) => candidate.partition === partition);
    const empty = await range();
    expect(empty?.high).toBe(empty?.low);
    await world.log.append(
      topic,
      numbered(0, 10, () => "one"),
    );
    expect(await range()).toEqual({ partition, low: 0n, high: 10n });
    await world.harness.deleteBelow(topic, partition, 4n);
    expect(
      await waitFor(async () => ((await range())?.low === 4n ? range() : undefined), { what: "low to rise" }),
    ).toEqual({
      partition,
      low: 4n,
      high: 10n,
    });
    expect(values(await world.log.read({ topic, partition, from: 4n, limit: 3 }))).toEqual(["4", "5", "6"]);
    expect(await world.log.read({ topic, partition, from: 10n, limit: 3 })).toEqual([]);
    await expect(world.log.read({ topic, partition, from: 3n, limit: 3 })).rejects.toMatchObject({
      code: "OFFSET_OUT_OF_RANGE",
    });
    await world.harness.deleteBelow(topic, partition, 10n);
    await waitFor(async () => (await range())?.low === 10n, { what: "low to reach high" });
    expect(await range()).toEqual({ partition, low: 10n, high: 10n });
  });

  test("the epoch is stable and changes when the topic is created anew", async () => {
    const topic = await freshTopic();
    const epoch = await world.log.epoch(topic);
    await world.log.ensureTopics([topic]);
    await world.log.append(topic, numbered(0, 3));
    expect(await (await openLog()).epoch(topic)).toBe(epoch);
    await world.harness.recreate(topic);
    expect(await world.log.epoch(topic)).not.toBe(epoch);
    expect((await world.log.ranges(topic)).every(({ low, high }) => low === 0n && high === 0n)).toBe(true);
  });

  test("whoever starts at the same moment finds the topics that all of them need, whoever made them", async () => {
    const processes = await Promise.all(Array.from({ length: 6 }, openLog));
    for (let round = 0; round < 5; round += 1) {
      const topics = Array.from({ length: 4 }, () => `contract.${randomUUID()}`);
      const found = await Promise.all(
        processes.map(async (log) => {
          await log.ensureTopics(topics);
          return Promise.all(topics.map(async (topic) => (await log.ranges(topic)).length));
        }),
      );
      expect(new Set(found.flat()).size).toBe(1);
    }
  });

  test("an unknown topic is refused with NOT_FOUND", async () => {
    await expect(world.log.ranges("contract.absent")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(world.log.append("contract.absent", [{ key: "a", value: "b" }])).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test("check resolves while the store answers", async () => {
    await expect(world.log.check()).resolves.toBeUndefined();
  });
}
