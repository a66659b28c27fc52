/**
 * Keys whose next event the log refuses as it is, e.g. for its size. Such a key is held: its later events wait too, so
 * its order stays, and those of other keys go on.
 */
import type { Logger } from "pino";
import { type AppError, findAppError } from "../../errors/app-error.ts";
import type { EventLog, LogAppend } from "../event-log.ts";
import type { OutboxRow } from "./outbox-rows.ts";

export interface HeldKeys {
  keys(): readonly string[];
  /** Why the last one was held. */
  lastReason(): string | undefined;
  /**
   * Appends rows in order, except those of held keys. Whatever key of theirs has an event that the log refuses is held
   * from that event on; rows beside it may be appended twice.
   * @returns the rows that the log has now
   * @throws what else the log says; any of the rows may be stored then
   */
  append(rows: readonly OutboxRow[]): Promise<readonly OutboxRow[]>;
  /**
   * Offers the oldest row of a held key again: the log's limits may be others by now. Undefined: the row is gone.
   * @returns whether the log has it now; if not, and it was not gone, the key stays held
   */
  offer(key: string, oldest: OutboxRow | undefined): Promise<boolean>;
}

export function createHeldKeys(log: Pick<EventLog, "append">, logger: Logger): HeldKeys {
  const held = new Set<string>();
  let lastReason: string | undefined;

  function hold({ key, position, topic, envelope }: OutboxRow, error: Error): void {
    lastReason = error.message;
    held.add(key);
    const bytes = Buffer.byteLength(envelope);
    logger.error({ err: error, key, position, topic, bytes }, "the log refuses an event: those of its key wait");
  }

  const appendInOrder = async (rows: readonly OutboxRow[]) => {
    for (const run of runsOfOneTopic(rows)) await log.append(run.topic, run.records);
  };

  async function appendOrHold(rows: readonly OutboxRow[]): Promise<readonly OutboxRow[]> {
    const wanted = held.size === 0 ? rows : rows.filter(({ key }) => !held.has(key));
    try {
      await appendInOrder(wanted);
      return wanted;
    } catch (error) {
      const refusal = refusalIn(error);
      const [first] = wanted;
      if (refusal === undefined || first === undefined) throw error;
      if (wanted.length === 1) {
        hold(first, refusal);
        return [];
      }
    }
    // One of them is refused: halves find it, in order.
    const middle = wanted.length >> 1;
    const former = await appendOrHold(wanted.slice(0, middle));
    return [...former, ...(await appendOrHold(wanted.slice(middle)))];
  }

  return {
    keys: () => [...held],
    lastReason: () => (held.size === 0 ? undefined : lastReason),
    append: appendOrHold,
    async offer(key, oldest) {
      try {
        if (oldest !== undefined) await appendInOrder([oldest]);
      } catch (error) {
        const refusal = refusalIn(error);
        if (refusal === undefined || oldest === undefined) throw error;
        hold(oldest, refusal);
        return false;
      }
      held.delete(key);
      logger.info({ key }, "the events of a held key go on");
      return oldest !== undefined;
    },
  };
}

function refusalIn(error: unknown): AppError | undefined {
  const found = findAppError(error);
  return found?.code === "EVENT_REFUSED" ? found : undefined;
}

/** Neighbouring rows of one topic, in order: one append each. */
function runsOfOneTopic(rows: readonly OutboxRow[]): { topic: string; records: LogAppend[] }[] {
  const runs: { topic: string; records: LogAppend[] }[] = [];
  for (const { topic, key, envelope } of rows) {
    const record = { key, value: envelope };
    const last = runs.at(-1);
    if (last?.topic === topic) last.records.push(record);
    else runs.push({ topic, records: [record] });
  }
  return runs;
}
