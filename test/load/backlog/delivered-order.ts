// What a topic holds, against what was committed: each event, once, in its key's order.
import { z } from "zod";
import type { EventLog } from "../../../platform/events/event-log.ts";

export interface DeliveredOrder {
  readonly missing: number;
  readonly repeated: number;
  /** Keys whose events stand in another order than they were committed in. */
  readonly disordered: number;
  /** Events that nobody committed. */
  readonly foreign: number;
}

const READ_AT_ONCE = 1_000;
const eventId = z.object({ id: z.string() });

/** @param committed ids of events per key, in order */
export async function compareOrder(
  log: EventLog,
  topic: string,
  committed: ReadonlyMap<string, readonly string[]>,
): Promise<DeliveredOrder> {
  const delivered = new Map<string, string[]>();
  for (const { partition, low, high } of await log.ranges(topic)) {
    for (let from = low; from < high; ) {
      const records = await log.read({ topic, partition, from, limit: READ_AT_ONCE });
      for (const { key, value } of records) {
        const ids = delivered.get(key) ?? [];
        ids.push(eventId.parse(JSON.parse(value)).id);
        delivered.set(key, ids);
      }
      from = (records.at(-1)?.offset ?? high) + 1n;
    }
  }
  let [missing, repeated, disordered, foreign] = [0, 0, 0, 0];
  for (const [key, ids] of committed) {
    const found = delivered.get(key) ?? [];
    const distinct = [...new Set(found)];
    const wanted = new Set(ids);
    const known = distinct.filter((id) => wanted.has(id));
    repeated += found.length - distinct.length;
    foreign += distinct.length - known.length;
    missing += ids.length - known.length;
    const present = new Set(known);
    if (ids.filter((id) => present.has(id)).some((id, index) => id !== known[index])) disordered += 1;
  }
  for (const [key, ids] of delivered) if (!committed.has(key)) foreign += ids.length;
  return { missing, repeated, disordered, foreign };
}
