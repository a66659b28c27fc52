/**
 * Tells readers how far each partition reaches: one connection and one query per round for all readers of an adapter,
 * at once after a notification and at least every `pollMs`.
 */
import { z } from "zod";
import type { PartitionRange } from "../event-log.ts";
import { createDedicatedConnection } from "./dedicated-connection.ts";

export interface TopicWatch {
  readonly topic: string;
  readonly onRange: (range: PartitionRange) => void;
  /** The store is away; called once per outage. */
  readonly onOutage: (reason: Error) => void;
}

export interface HeadWatcher {
  start(): void;
  stop(): Promise<void>;
  /** Watches until the returned function is called. */
  watch(watch: TopicWatch): () => void;
}

const offset = z.string().transform((text) => BigInt(text));
const heads = z.array(z.object({ topic: z.string(), partition: z.int(), low: offset, high: offset }));

export function createHeadWatcher(connectionString: string, pollMs: number): HeadWatcher {
  const watches = new Set<TopicWatch>();
  let timer: NodeJS.Timeout | undefined;
  let polling: Promise<void> | undefined;
  let again = false;
  let outage = false;

  const connection = createDedicatedConnection({
    connectionString,
    applicationName: "tributary-event-log-watch",
    async onUp(client) {
      await client.query("LISTEN event_log");
      outage = false;
      poll();
    },
    onDown(reason) {
      if (outage) return;
      outage = true;
      for (const watch of watches) watch.onOutage(reason);
    },
    onNotification(topic) {
      for (const watch of watches) {
        if (watch.topic === topic) {
          poll();
          return;
        }
      }
    },
  });

  function poll(): void {
    if (polling !== undefined) {
      again = true;
      return;
    }
    polling = round().finally(() => {
      polling = undefined;
      if (!again) return;
      again = false;
      poll();
    });
  }

  async function round(): Promise<void> {
    const client = connection.client();
    if (client === undefined || watches.size === 0) return;
    const topics = [...new Set([...watches].map(({ topic }) => topic))];
    try {
      const result = await client.query(
        "SELECT topic, partition, low::text, next_offset::text AS high FROM event_partition WHERE topic = ANY ($1)",
        [topics],
      );
      for (const head of heads.parse(result.rows)) {
        for (const watch of watches) if (watch.topic === head.topic) watch.onRange(head);
      }
    } catch (error) {
      connection.drop(error instanceof Error ? error : new Error(String(error)));
    }
  }

  return {
    start() {
      if (timer !== undefined) return;
      connection.start();
      timer = setInterval(poll, pollMs);
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      await connection.stop();
      await polling;
    },
    watch(watch) {
      watches.add(watch);
      poll();
      return () => watches.delete(watch);
    },
  };
}
