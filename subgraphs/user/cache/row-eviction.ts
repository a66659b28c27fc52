/** Evicts cached rows by the events of other processes; when events may have been missed, everything. */
import { z } from "zod";
import type { ProcessCache } from "../../../platform/cache/process-cache.ts";
import type { EventLog, LogReader } from "../../../platform/events/event-log.ts";
import type { LifecyclePart } from "../../../platform/lifecycle/lifecycle.ts";
import type { Logger } from "../../../platform/logger/logger.ts";
import type { RowCaches, RowChange } from "./row-caches.ts";

const eventSchema = z.object({ subject: z.string(), aggregateversion: z.number(), partitionkey: z.string() }).transform(
  ({ subject, aggregateversion, partitionkey }): RowChange => ({
    subject,
    aggregateVersion: aggregateversion,
    key: partitionkey,
  }),
);

export interface RowEvictionOptions {
  readonly rowCaches: RowCaches;
  readonly cache: ProcessCache["cache"];
  readonly eventLog: Pick<EventLog, "ensureTopics" | "tail">;
  /** Of the subgraph's own events. */
  readonly topic: string;
  readonly logger: Logger;
}

export function createRowEviction({ rowCaches, cache, eventLog, topic, logger }: RowEvictionOptions): LifecyclePart {
  let reader: LogReader | undefined;
  const clear = (problem: string) => {
    logger.warn({ problem }, "events may have been missed: cached rows are dropped");
    cache.clear().catch((error: unknown) => logger.error({ err: error }, "dropping cached rows failed"));
  };
  return {
    name: "user rows",
    async start() {
      // Nothing may have been relayed yet.
      await eventLog.ensureTopics([topic]);
      reader = await eventLog.tail({
        topic,
        from: "end",
        async onRecords(_partition, records) {
          const events = records.map(({ value }) => changeIn(value)).filter((change) => change !== undefined);
          await rowCaches.evict(events);
        },
        onInterruption: (problem) => clear(problem.message),
        onGap: () => clear("a gap in the log"),
      });
    },
    stop: async () => reader?.stop(),
  };
}

/** `undefined` for a record that is no event: it changed no row. */
function changeIn(text: string): RowChange | undefined {
  try {
    return eventSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
