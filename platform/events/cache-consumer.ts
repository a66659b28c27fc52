/**
 * A consumer of the kind `cache`: every process follows the topics by itself and drops what it remembers. It reads from
 * the end, since a new process remembers nothing, and commits nothing. When events may have been missed, or dropping
 * one row failed, everything is dropped.
 */
import type { Logger } from "pino";
import type { LifecyclePart } from "../lifecycle/lifecycle.ts";
import { type EventEnvelope, envelopeSchema } from "./envelope.ts";
import type { EventLog, LogReader } from "./event-log.ts";

export interface CacheConsumerOptions {
  readonly name: string;
  readonly log: Pick<EventLog, "ensureTopics" | "tail">;
  readonly topics: readonly string[];
  /** Types that it acts on; `undefined` means all. */
  readonly types: ReadonlySet<string> | undefined;
  readonly evict: (events: readonly EventEnvelope[]) => Promise<void>;
  readonly clear: () => Promise<void>;
  readonly logger: Logger;
}

export function createCacheConsumer(options: CacheConsumerOptions): LifecyclePart {
  const { name, log, topics, types, evict, clear } = options;
  const logger = options.logger.child({ component: "consumer", consumer: name });
  const readers: LogReader[] = [];

  async function dropAll(reason: Readonly<Record<string, unknown>>): Promise<void> {
    logger.warn(reason, "events may have been missed: cached rows are dropped");
    try {
      await clear();
    } catch (error) {
      logger.error({ err: error }, "dropping cached rows failed");
    }
  }

  async function handle(texts: readonly string[]): Promise<void> {
    const events = texts
      .map(eventIn)
      .filter((event) => event !== undefined && (types === undefined || types.has(event.type)))
      .filter((event) => event !== undefined);
    if (events.length === 0) return;
    try {
      await evict(events);
    } catch (error) {
      await dropAll({ err: error });
    }
  }

  return {
    name: name.replace(".", " "),
    async start() {
      // Nothing may have been relayed yet.
      await log.ensureTopics(topics);
      for (const topic of topics) {
        const reader = await log.tail({
          topic,
          from: "end",
          onRecords: (_partition, records) => handle(records.map(({ value }) => value)),
          onInterruption: (problem) => void dropAll({ err: problem }),
          onGap: () => void dropAll({ problem: "a gap in the log" }),
        });
        readers.push(reader);
      }
    },
    async stop() {
      await Promise.all(readers.splice(0).map((reader) => reader.stop()));
    },
  };
}

/**
 * `undefined` for a record that is no event: it changed no row. Contracts are not asked: an event of a newer release,
 * whose type is unknown here, changed a row all the same.
 */
function eventIn(text: string): EventEnvelope | undefined {
  try {
    return envelopeSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
