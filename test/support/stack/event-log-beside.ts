// A stack's own event log, opened beside it.
import { z } from "zod";
import { parseConfig } from "../../../platform/config/parse-config.ts";
import { eventLogSettings } from "../../../platform/config/settings.ts";
import { createEventLog } from "../../../platform/events/create-event-log.ts";
import type { EventLog, LogRecord } from "../../../platform/events/event-log.ts";
import { createLogger } from "../../../platform/logger/logger.ts";
import type { Stack } from "./stack.ts";

const READ_AT_ONCE = 1_000;

/** The log is started; whoever opens it stops it. */
export async function openLogBeside(stack: Pick<Stack, "eventLog">): Promise<EventLog> {
  const settings = parseConfig(z.object(eventLogSettings), stack.eventLog);
  const log = await createEventLog(settings, createLogger({ name: "test", level: "fatal" }));
  await log.start();
  return log;
}

export async function withLogBeside<R>(
  stack: Pick<Stack, "eventLog">,
  work: (log: EventLog) => Promise<R>,
): Promise<R> {
  const log = await openLogBeside(stack);
  try {
    return await work(log);
  } finally {
    await log.stop();
  }
}

/** Everything that a topic holds, partition by partition: of an hour's traffic it does not fit in memory at once. */
export async function* recordsIn(log: EventLog, topic: string): AsyncGenerator<LogRecord> {
  for (const { partition, low, high } of await log.ranges(topic)) {
    for (let from = low; from < high; ) {
      const records = await log.read({ topic, partition, from, limit: READ_AT_ONCE });
      yield* records;
      from = (records.at(-1)?.offset ?? high) + 1n;
    }
  }
}
