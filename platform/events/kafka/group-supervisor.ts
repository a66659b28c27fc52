/**
 * Keeps a group member alive: replaces a consumer that crashed for good or has gone silent, with backoff, for ever.
 * Broker loss alone never ends it.
 */
import type { Kafka } from "kafkajs";
import type { Logger } from "pino";
import { backoffMs, systemSleep } from "../backoff.ts";
import type { GroupConsumeOptions, LogReader } from "../event-log.ts";
import { type GroupSession, openGroupSession } from "./group-session.ts";

const RETRY = { baseMs: 200, capMs: 5_000 };
const LOOK_EVERY_MS = 1_000;
/** Longer than a join may take, without a fetch, a heartbeat or a join: the consumer hangs (kafkajs #659, #660). */
const STALLED_MS = 20_000;
/** A session that lived this long was a success. */
const SETTLED_MS = 40_000;

export function startGroupMember(kafka: Kafka, consume: GroupConsumeOptions, rootLogger: Logger): LogReader {
  const logger = rootLogger.child({ component: "event-log", group: consume.group });
  const stopping = new AbortController();

  /** Resolves with the reason to replace the session, or `undefined` when we are stopping. */
  async function watch(session: GroupSession): Promise<Error | undefined> {
    while (!stopping.signal.aborted) {
      const nap = new AbortController();
      const reason = await Promise.race([
        session.dead,
        systemSleep(LOOK_EVERY_MS, AbortSignal.any([stopping.signal, nap.signal])),
      ]);
      nap.abort();
      if (reason !== undefined) return reason;
      if (Date.now() - session.lastSignAt() > STALLED_MS) return new Error("the Kafka consumer gave no sign of life");
    }
    return undefined;
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        const session = await openGroupSession(kafka, consume, logger);
        const openedAt = Date.now();
        const reason = await watch(session);
        await session.close();
        if (reason === undefined) return;
        if (Date.now() - openedAt > SETTLED_MS) failures = 0;
        logger.warn({ err: reason }, "replacing the Kafka consumer");
      } catch (error) {
        logger.warn({ err: error }, "no Kafka consumer, trying again");
      }
      failures += 1;
      await systemSleep(backoffMs(RETRY, failures), stopping.signal);
    }
  }

  const done = run();
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
