/** A record of the log as the live room handles it: decoded once, shared by every stream that shows it. */
import { type EventEnvelope, envelopeSchema } from "../../../platform/events/envelope.ts";
import type { LogRecord } from "../../../platform/events/event-log.ts";
import { isJsonObject } from "../../transport/json-object.ts";
import { parseJson } from "../../transport/lossless-json.ts";
import { withDoublesIn } from "../../transport/lossless-number.ts";

interface Place {
  readonly partition: number;
  readonly offset: bigint;
  /** Partition key: the organisation, or the user for what belongs to no organisation. */
  readonly key: string;
  /** When the log stored it, in milliseconds since the epoch. */
  readonly appendedAt?: number;
  /** Of the record's text, in bytes: what bounds of memory are counted in. */
  readonly size: number;
}

export interface ReadableEvent extends Place {
  /** Counts the events of the key in the topic, without gaps. */
  readonly sequence: bigint;
  readonly envelope: EventEnvelope;
}

/** A record that is no envelope of its key. Nobody can be sent it, so whoever reaches it is told of a gap. */
interface UnreadableEvent extends Place {
  readonly sequence: null;
  readonly envelope: null;
}

export type LiveEvent = ReadableEvent | UnreadableEvent;

export function decodeRecord(record: LogRecord): LiveEvent {
  const { partition, offset, key } = record;
  const appendedAt = record.appendedAt.getTime();
  const size = Buffer.byteLength(record.value) + Buffer.byteLength(key);
  const envelope = readEnvelope(record);
  if (envelope === undefined) return { partition, offset, key, appendedAt, size, sequence: null, envelope: null };
  return { partition, offset, key, appendedAt, size, sequence: BigInt(envelope.sequence), envelope };
}

function readEnvelope(record: LogRecord): EventEnvelope | undefined {
  let json: unknown;
  try {
    const given = parseJson(record.value);
    // What the data holds is shown in its own digits; the envelope's own members are ours to read.
    json = isJsonObject(given) ? { ...withDoublesIn(given), data: given["data"] } : given;
  } catch {
    return undefined;
  }
  const read = envelopeSchema.safeParse(json);
  return read.success && read.data.partitionkey === record.key ? read.data : undefined;
}
