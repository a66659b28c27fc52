/**
 * A consumer's side of replays: what was asked for is tried like an event that has just come, and how it ended is
 * appended to the dead letters of the event's topic. At least once, as everything: the inbox knows what was applied.
 */
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import { carriedText } from "./carried-text.ts";
import type { EventContracts } from "./contracts.ts";
import { deadLetterTopic, reasonOf } from "./dead-letter.ts";
import type { EventEnvelope } from "./envelope.ts";
import type { EventLog, LogRecord } from "./event-log.ts";
import { newerApplied } from "./inbox.ts";
import { parseReplayRequest, type ReplayOutcome, type ReplayRequest } from "./replay.ts";

/** Why an event was not applied. */
export interface Failure {
  readonly attempts: number;
  readonly error: unknown;
}

/** Something newer of the event's aggregate was applied: no further attempt can change that. */
export class Superseded extends Error {
  constructor(newest: string, sequence: string) {
    super(`event ${newest} of its stream was applied meanwhile, and it is event ${sequence} of the same aggregate`);
    this.name = "Superseded";
  }
}

/** @throws Superseded when something newer of the event's aggregate was applied since. Absent: nothing is asked */
export async function refuseSuperseded(
  tx: SqlTransaction,
  consumer: string,
  event: EventEnvelope,
  since: Date | undefined,
): Promise<void> {
  if (since === undefined) return;
  const newest = await newerApplied(tx, consumer, event, since);
  if (newest !== undefined) throw new Superseded(newest, event.sequence);
}

export interface ReplaysOptions {
  readonly log: EventLog;
  readonly group: string;
  readonly contracts: EventContracts;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly late: "refuse" | "accept";
  readonly isPassedOver: (event: EventEnvelope) => boolean;
  readonly carryOut: (event: EventEnvelope, signal: AbortSignal, since?: Date) => Promise<Failure | undefined>;
  readonly surely: (append: () => Promise<void>, signal: AbortSignal) => Promise<void>;
}

type Ending = Pick<ReplayOutcome, "outcome" | "attempts" | "error">;

export function createReplays(options: ReplaysOptions) {
  const { log, group, contracts, clock, logger, late, isPassedOver, carryOut, surely } = options;

  async function endingOf(request: ReplayRequest, signal: AbortSignal): Promise<Ending> {
    const decoded = contracts.decodeEvent(carriedText(request));
    if (!decoded.ok) return { outcome: "FAILED", attempts: 1, error: decoded.problem };
    const { event } = decoded;
    if (isPassedOver(event)) {
      return { outcome: "FAILED", attempts: 1, error: `${group} has no handler for ${event.type} any more` };
    }
    const since = request.force || late === "accept" ? undefined : new Date(request.failedAt);
    const failure = await carryOut(event, signal, since);
    if (failure === undefined) return { outcome: "APPLIED", attempts: 1, error: null };
    const { attempts, error } = failure;
    if (error instanceof Superseded) return { outcome: "SUPERSEDED", attempts: 0, error: error.message };
    return { outcome: "FAILED", attempts, error: reasonOf(error) };
  }

  async function replay(record: LogRecord, signal: AbortSignal): Promise<void> {
    const request = readRequest(record);
    if (request === undefined) return;
    const { id, letterId, topic, key } = request;
    const ending = await endingOf(request, signal);
    const outcome: ReplayOutcome = { kind: "replay", id, letterId, ...ending, at: clock.now().toISOString() };
    await surely(() => log.append(deadLetterTopic(topic), [{ key, value: JSON.stringify(outcome) }]), signal);
    logger.info({ letterId, outcome: ending.outcome }, "dead letter replayed");
  }

  function readRequest({ value, partition, offset }: LogRecord): ReplayRequest | undefined {
    try {
      return parseReplayRequest(value);
    } catch (error) {
      logger.error({ err: error, partition, offset: String(offset) }, "what was to be replayed cannot be read");
      return undefined;
    }
  }

  return {
    /** For the window of a partition of the replay topic. */
    async process(records: readonly LogRecord[], signal: AbortSignal): Promise<void> {
      for (const record of records) await replay(record, signal);
    },
  };
}
