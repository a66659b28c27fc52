import { createRequire } from "node:module";
import fc from "fast-check";
import { Partitioners } from "kafkajs";
import { expect, test } from "vitest";
import { partitionForKey } from "../../../../platform/events/partitioner.ts";

const murmur2: (key: string) => number = createRequire(import.meta.url)(
  "kafkajs/src/producer/partitioners/default/murmur2",
);

test("a key goes where kafkajs's default partitioner puts it, for any text and partition count", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), fc.integer({ min: 1, max: 64 }), (key, partitions) => {
      expect(partitionForKey(key, partitions)).toBe((murmur2(key) & 0x7fffffff) % partitions);
    }),
  );
  const partitionMetadata = Array.from({ length: 4 }, (_, partitionId) => ({
    partitionId,
    leader: 1,
    partitionErrorCode: 0,
    replicas: [1],
    isr: [1],
  }));
  const choose = Partitioners.DefaultPartitioner();
  for (let index = 0; index < 200; index += 1) {
    const key = `org_${index}`;
    expect(partitionForKey(key, 4)).toBe(choose({ topic: "t", partitionMetadata, message: { key, value: "" } }));
  }
});
