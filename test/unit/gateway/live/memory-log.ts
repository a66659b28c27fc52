// The reading half of the `EventLog` port over arrays, with a tail that moves only when told to: schedules become
// repeatable.
import { AppError } from "../../../../platform/errors/app-error.ts";
import type { EventLog, LogRecord, TailOptions } from "../../../../platform/events/event-log.ts";

export interface MemoryLog extends EventLog {
  /** Hands the tails up to `limit` records each. */
  advance(limit?: number): Promise<void>;
  /** Forgets the records below the offset; a tail that has not read them goes on behind the hole. */
  purge(low: bigint): void;
  /** Deletes the topic and creates it anew, empty. */
  recreate(): void;
}

export function createMemoryLog(topic: string): MemoryLog {
  let records: LogRecord[] = [];
  let high = 0n;
  let low = 0n;
  let epoch = 1;
  const tails = new Set<{ readonly options: TailOptions; position: bigint }>();
  const never = () => Promise.reject(new Error("not part of these tests"));

  return {
    start: async () => undefined,
    stop: async () => undefined,
    ensureTopics: async () => undefined,
    check: async () => undefined,
    consume: never,
    committed: never,
    async append(_topic, appended) {
      for (const { key, value } of appended) {
        // Offsets need not be dense.
        if (high % 3n === 1n) high += 1n;
        records.push({ topic, partition: 0, offset: high, key, value, appendedAt: new Date(0) });
        high += 1n;
      }
    },
    async tail(options) {
      const tail = { options, position: options.from === "end" ? high : (options.from.get(0) ?? high) };
      tails.add(tail);
      return { stop: async () => void tails.delete(tail) };
    },
    async read({ from, limit }) {
      await new Promise((resolve) => setImmediate(resolve));
      if (from < low) throw new AppError("OFFSET_OUT_OF_RANGE", "gone");
      return records.filter(({ offset }) => offset >= from).slice(0, limit);
    },
    ranges: async () => [{ partition: 0, low, high }],
    epoch: async () => String(epoch),
    partitionOf: async () => 0,
    async advance(limit = Number.POSITIVE_INFINITY) {
      for (const tail of tails) {
        const page = records.filter(({ offset }) => offset >= tail.position).slice(0, limit);
        const last = page.at(-1);
        if (last === undefined) continue;
        tail.position = last.offset + 1n;
        await tail.options.onRecords(0, page);
      }
    },
    purge(offset) {
      records = records.filter((record) => record.offset >= offset);
      low = offset;
      for (const tail of tails) {
        if (tail.position >= low) continue;
        tail.position = low;
        tail.options.onGap?.(0, low);
      }
    },
    recreate() {
      records = [];
      high = 0n;
      low = 0n;
      epoch += 1;
    },
  };
}

/** The JSON text of an envelope. */
export function envelopeText(key: string, sequence: number, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    specversion: "1.0",
    id: "01890a5d-ac96-774b-bcce-b302099a8057",
    source: "/test",
    type: "orders.order.placed.v1",
    time: "2026-01-02T03:04:05.678Z",
    subject: `order-${sequence}`,
    datacontenttype: "application/json",
    data: {},
    partitionkey: key,
    sequence: String(sequence),
    actorkind: "SERVICE",
    aggregateversion: 1,
    correlationid: "c",
    hop: 0,
    ...more,
  });
}
