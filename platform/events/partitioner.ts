/**
 * Finds the partition of a key: murmur2 over the UTF-8 bytes. Kafka's own clients and kafkajs ≥ 2.0 do the same by
 * default, so both event logs put a key in the same place.
 */
const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

function murmur2(data: Buffer): number {
  const length = data.length;
  let hash = SEED ^ length;
  const whole = length - (length % 4);
  for (let index = 0; index < whole; index += 4) {
    let word = Math.imul(data.readInt32LE(index), MULTIPLIER);
    word ^= word >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  if (whole < length) {
    for (let index = length - 1; index >= whole; index -= 1) hash ^= data.readUInt8(index) << ((index - whole) * 8);
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/** The partition of `key` in a topic of `partitions` partitions. Changes for most keys when the topic grows. */
export function partitionForKey(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}
