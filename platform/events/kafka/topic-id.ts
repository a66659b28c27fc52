/**
 * A topic's id as the brokers keep it (KIP-516): new whenever the topic is created, by whomever, so it is the epoch of
 * its offsets. kafkajs 2.2.4 speaks Metadata up to version 6; the id comes with version 10, of which this is
 * version 12. https://kafka.apache.org/protocol.html#The_Messages_Metadata
 */
import { type InternalBroker, kafkajsInternals } from "./kafkajs-internals.ts";

const METADATA = 3;
const VERSION = 12;
const UNKNOWN_TOPIC = 3;
const NO_TAGS = Buffer.of(0);

/** @returns the id in hex, or `undefined` when the topic does not exist. @throws on brokers before Kafka 3.1. */
export async function readTopicId(broker: InternalBroker, topic: string): Promise<string | undefined> {
  if ((broker.versions?.[METADATA]?.maxVersion ?? 0) < VERSION) {
    throw new Error("the Kafka brokers know no topic ids: Kafka 3.1 or newer is needed");
  }
  const { Encoder } = kafkajsInternals();
  const answer = await broker.connectionPool.send({
    request: {
      apiKey: METADATA,
      apiVersion: VERSION,
      apiName: "Metadata",
      encode: () => Promise.resolve(new Encoder().writeBuffer(encodeRequest(topic))),
    },
    response: { decode: (raw) => Promise.resolve(decodeTopicId(raw)), parse: (decoded) => Promise.resolve(decoded) },
  });
  return typeof answer === "string" ? answer : undefined;
}

function encodeRequest(topic: string): Buffer {
  const name = Buffer.from(topic);
  return Buffer.concat([
    NO_TAGS, // ends the request header, version 2, which kafkajs writes as version 1
    unsignedVarint(2), // one topic
    Buffer.alloc(16), // no id: by name
    unsignedVarint(name.length + 1),
    name,
    NO_TAGS,
    Buffer.of(0, 0), // no auto-creation, no authorized operations
    NO_TAGS,
  ]);
}

function decodeTopicId(raw: Buffer): string | undefined {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = raw.readUInt8(at);
      at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  // The length moves `at` itself, so it is read first.
  const skipText = () => {
    const length = varint() - 1;
    at += Math.max(0, length);
  };
  const skipTags = () => {
    for (let tags = varint(); tags > 0; tags -= 1) {
      varint();
      const length = varint();
      at += length;
    }
  };
  skipTags(); // response header, version 1
  at += 4; // throttle time
  for (let brokers = varint() - 1; brokers > 0; brokers -= 1) {
    at += 4; // node id
    skipText(); // host
    at += 4; // port
    skipText(); // rack
    skipTags();
  }
  skipText(); // cluster id
  at += 4; // controller id
  if (varint() - 1 < 1) return undefined;
  const problem = raw.readInt16BE(at);
  at += 2;
  skipText(); // name
  if (problem === UNKNOWN_TOPIC) return undefined;
  if (problem !== 0) throw new Error(`Kafka answered error ${problem} when asked for a topic's id`);
  return raw.toString("hex", at, at + 16);
}

function unsignedVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
