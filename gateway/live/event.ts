/** A record of the log as the live room handles it: decoded once, shared by every stream that shows it. */
import { type EventEnvelope, envelopeSchema } from "../../platform/events/envelope.ts";
import type { LogRecord } from "../../platform/events/event-log.ts";

export interface LiveEvent {
  readonly partition: number;
  readonly offset: bigint;
  /** Partition key: the organisation, or the user for what belongs to no organisation. */
  readonly key: string;
  /** Counts the events of the key in the topic, without gaps. */
  readonly sequence: bigint;
  readonly envelope: EventEnvelope;
}

/**
 * `undefined` for a record that is no envelope. Readers skip it; the missing sequence number then shows as a gap to every
 * subscriber of its key, so nobody loses it silently.
 */
export function decodeRecord(record: LogRecord): LiveEvent | undefined {
  let json: unknown;
  try {
    json = JSON.parse(record.value);
  } catch {
    return undefined;
  }
  const read = envelopeSchema.safeParse(json);
  if (!read.success || read.data.partitionkey !== record.key) return undefined;
  const { partition, offset, key } = record;
  return { partition, offset, key, sequence: BigInt(read.data.sequence), envelope: read.data };
}
