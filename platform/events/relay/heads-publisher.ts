/** Finds how far the streams of a topic have come, and publishes it behind the events that are meant. */
import type { Client } from "pg";
import { z } from "zod";
import type { EventLog } from "../event-log.ts";
import { type StreamHeads, streamHeadsTopic } from "../stream-heads.ts";

const HEADS_PER_RECORD = 500;
/** After a start: what moved before was published by whoever ran before, unless it was just then that it ended. */
const FIRST_LOOK_BACK_SECONDS = 24 * 3_600;
/** Longer than any transaction runs: a stream is stamped with the time at which its transaction began. */
const LOOK_BACK_SECONDS = 60;

const FIND_MOVED = `
  SELECT tenant_id, last_sequence::text FROM stream_head
  WHERE topic = $1 AND changed_at > now() - $2 * interval '1 second' ORDER BY tenant_id`;

const movedRows = z.array(z.object({ tenant_id: z.string(), last_sequence: z.string() }));

export interface HeadsPublisherOptions {
  readonly log: Pick<EventLog, "append">;
  readonly topic: string;
  readonly everyMs: number;
}

export interface HeadsPublisher {
  /** Asks how far the streams have come, when it is time for that; what is sent from then on is no longer meant. */
  look(client: Client): Promise<void>;
  /**
   * Publishes what `look` found. Call it when everything has been sent that was committed when it looked.
   * @param held keys whose events wait: they are told of when these were sent
   */
  publish(held: readonly string[]): Promise<void>;
}

export function createHeadsPublisher({ log, topic, everyMs }: HeadsPublisherOptions): HeadsPublisher {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let backSeconds = FIRST_LOOK_BACK_SECONDS;
  let found: StreamHeads | undefined;
  /** Of the last look: those that have not moved since need not be told again. */
  let known: ReadonlyMap<string, string> = new Map();
  /** Of held keys. */
  let waiting: readonly (readonly [string, string])[] = [];

  return {
    async look(client) {
      if (found !== undefined || performance.now() - lookedAt < everyMs) return;
      lookedAt = performance.now();
      const at = new Date().toISOString();
      const rows = movedRows.parse((await client.query(FIND_MOVED, [topic, backSeconds])).rows);
      backSeconds = LOOK_BACK_SECONDS + Math.ceil(everyMs / 1_000);
      const moved = rows.map(({ tenant_id, last_sequence }): [string, string] => [tenant_id, last_sequence]);
      const heads = moved.filter(([key, sequence]) => known.get(key) !== sequence);
      // The newest word about a stream is the last one.
      heads.unshift(...waiting.map(([key, sequence]): [string, string] => [key, sequence]));
      known = new Map(moved);
      found = { topic, at, heads };
    },
    async publish(held) {
      if (found === undefined) return;
      const { at } = found;
      const isHeld = new Set(held);
      const heads = found.heads.filter(([key]) => !isHeld.has(key));
      waiting = found.heads.filter(([key]) => isHeld.has(key));
      const records: StreamHeads[] = [];
      for (let n = 0; n < heads.length; n += HEADS_PER_RECORD) {
        records.push({ topic, at, heads: heads.slice(n, n + HEADS_PER_RECORD) });
      }
      if (records.length > 0) {
        await log.append(
          streamHeadsTopic(topic),
          records.map((record) => ({ key: topic, value: JSON.stringify(record) })),
        );
      }
      found = undefined;
    },
  };
}
