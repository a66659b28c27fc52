/**
 * Reads the dead letters of every topic, and how their replays ended. Everything that is there is stored, also what is
 * no dead letter: it becomes one itself.
 */
import { deadLetterSchema, type DeadLetter as ReportedFailure } from "../../../platform/events/dead-letter.ts";
import type { LogRecord } from "../../../platform/events/event-log.ts";
import { replayOutcomeSchema } from "../../../platform/events/replay.ts";
import { settleReplay } from "../commands/settle-replay.ts";
import { storeDeadLetter } from "../commands/store-dead-letter.ts";
import type { AuditServices } from "../services.ts";
import { LETTER_READER } from "../subgraph-name.ts";

/** @param onStored told of each that was not known before */
export function letterHandler(
  services: AuditServices,
  onStored: (letter: Pick<ReportedFailure, "topic" | "consumer">) => void,
): (record: LogRecord) => Promise<void> {
  return async (record) => {
    const value = parseJson(record.value);
    const outcome = replayOutcomeSchema.safeParse(value);
    if (outcome.success) return settleReplay(services, outcome.data);
    const letter = deadLetterSchema.safeParse(value);
    const failure = letter.success ? letter.data : asFailure(record, letter.error.message);
    if (await storeDeadLetter(services, failure)) onStored(failure);
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Neither of the schemas takes it.
    return undefined;
  }
}

function asFailure(record: LogRecord, problem: string): ReportedFailure {
  const { topic, partition, offset, key, value, appendedAt } = record;
  return {
    id: `${LETTER_READER}:${topic}:${partition}:${offset}`,
    consumer: LETTER_READER,
    topic,
    partition,
    offset: offset.toString(),
    key,
    value,
    attempts: 1,
    error: `no dead letter: ${problem}`.slice(0, 4_000),
    failedAt: appendedAt.toISOString(),
  };
}
