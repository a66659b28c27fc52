/**
 * Compares what producers say that they have published with what was recorded, per stream and by sequence, and reports
 * every difference. Events that are still on their way are none: it waits until the recorder has passed everything that
 * the log held when the producer spoke, and until all dead letters from there are stored.
 */
import { PLATFORM } from "../../../platform/auth/principal-ids.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { systemSleep } from "../../../platform/events/backoff.ts";
import { deadLetterTopic } from "../../../platform/events/dead-letter.ts";
import type { EventLog, LogRecord } from "../../../platform/events/event-log.ts";
import { createRecordConsumer } from "../../../platform/events/record-consumer.ts";
import { streamHeadsSchema, streamHeadsTopic } from "../../../platform/events/stream-heads.ts";
import { sourceOfTopic } from "../../../platform/graphql/subgraph-definition.ts";
import type { MetricsSource } from "../../../platform/http/metrics-format.ts";
import type { LifecyclePart } from "../../../platform/lifecycle/lifecycle.ts";
import type { Logger } from "../../../platform/logger/logger.ts";
import type { AuditDatabase } from "../store/database.ts";
import { compareStreams, findIncomplete, type Head, noteMissing, type StreamState } from "../store/recorded-streams.ts";
import { LETTER_READER, RECORDER } from "../subgraph-name.ts";
import { createConvergence } from "./convergence.ts";

export interface CompletenessMonitorOptions {
  readonly log: EventLog;
  /** Whose events are recorded. */
  readonly topics: readonly string[];
  readonly database: AuditDatabase;
  readonly logger: Logger;
}

/** In the event log: never change it. */
const GROUP = "audit.completeness";
const LOOK_EVERY_MS = 500;
/** What alerts go by. */
const ALERT = "AUDIT_EVENTS_MISSING";

export interface CompletenessMonitor {
  readonly part: LifecyclePart;
  readonly metrics: MetricsSource;
}

export function createCompletenessMonitor(options: CompletenessMonitorOptions): CompletenessMonitor {
  const { log, topics, database } = options;
  const logger = options.logger.child({ component: "completeness" });
  const convergence = createConvergence(database, logger);

  /** Resolves when the group has passed what the topic holds now, or when `signal` aborts. */
  async function passed(group: string, topic: string, signal: AbortSignal): Promise<void> {
    const ranges = await log.ranges(topic);
    for (;;) {
      const committed = await log.committed(group, topic);
      const waits = ranges.some(({ partition, low, high }) => (committed.get(partition) ?? low) < high);
      if (!waits || signal.aborted) return;
      await systemSleep(LOOK_EVERY_MS, signal);
    }
  }

  async function compare(topic: string, heads: readonly Head[]): Promise<readonly StreamState[]> {
    const source = sourceOfTopic(topic);
    return inTenants(database, [PLATFORM], (tx) => compareStreams(tx, { source, topic, heads }));
  }

  async function report(topic: string, heads: readonly Head[]): Promise<void> {
    const source = sourceOfTopic(topic);
    const headOf = new Map(heads.map(({ tenantId, sequence }) => [tenantId, sequence]));
    const states = await compare(topic, heads);
    const changed = states.filter(({ missing, before }) => missing !== before);
    const noted = changed.map(({ tenantId, missing }) => ({ tenantId, missing, head: headOf.get(tenantId) ?? "0" }));
    await inTenants(database, [PLATFORM], (tx) => noteMissing(tx, source, noted));
    for (const { tenantId, missing, holes } of changed) {
      const facts = { alert: ALERT, topic, tenantId, missing, sequences: holes.slice(0, 200) };
      if (missing > 0) logger.error(facts, "events are missing in the audit log");
      else logger.info(facts, "no event is missing in the audit log any more");
    }
  }

  async function handle(record: LogRecord, signal: AbortSignal): Promise<void> {
    const told = readHeads(record);
    if (told === undefined) return;
    const { topic, at, heads } = told;
    const waiting = convergence.begin(topic, new Date(at));
    const before = await compare(topic, heads);
    convergence.behind(topic, before);
    await passed(RECORDER, topic, signal);
    await passed(LETTER_READER, deadLetterTopic(topic), signal);
    // Another instance goes on with it.
    if (signal.aborted) return waiting.leave();
    await report(topic, heads);
    // What was missing may have come by a replay.
    await report(topic, await inTenants(database, [PLATFORM], (tx) => findIncomplete(tx, sourceOfTopic(topic))));
    waiting.end();
  }

  function readHeads({ value, topic, partition, offset }: LogRecord) {
    try {
      const { topic: from, at, heads } = streamHeadsSchema.parse(JSON.parse(value));
      // The last word about a stream counts.
      const last = new Map(heads);
      return { topic: from, at, heads: [...last].map(([tenantId, sequence]): Head => ({ tenantId, sequence })) };
    } catch (error) {
      logger.error({ err: error, topic, partition, offset: String(offset) }, "heads of streams cannot be read");
      return undefined;
    }
  }

  const consumer = createRecordConsumer({ log, group: GROUP, topics: topics.map(streamHeadsTopic), handle, logger });

  return {
    part: {
      name: "audit completeness",
      async start() {
        await consumer.start();
        convergence.start();
      },
      async stop() {
        await Promise.all([consumer.stop(), convergence.stop()]);
      },
    },
    metrics: convergence.metrics,
  };
}
