/**
 * Tries the handler of one event until its effect is committed or the attempts are used up. An outage of our own store
 * is waited out and counts no attempt.
 */
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import { type BackoffPolicy, backoffMs, type Sleep } from "./backoff.ts";
import type { EventEnvelope } from "./envelope.ts";
import { type Failure, Superseded } from "./replays.ts";
import { isStoreOutage } from "./store-outage.ts";

export interface HandlerRetriesOptions {
  /** `attempts`: failed attempts after which an event is given up. */
  readonly policy: BackoffPolicy & { readonly attempts: number };
  /** One attempt, number `attempt` of its kind. @param since as for `carryOut` */
  readonly attempt: (event: EventEnvelope, attempt: number, signal: AbortSignal, since?: Date) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sleep: Sleep;
  readonly random: () => number;
}

export interface HandlerRetries {
  /**
   * @param since refuses what is older than something that was applied since then
   * @returns why it was given up; `undefined` when its effect is committed
   * @throws when `signal` aborted
   */
  carryOut(event: EventEnvelope, signal: AbortSignal, since?: Date): Promise<Failure | undefined>;
  /** Something was committed: our store is there. */
  noteCommit(): void;
  /** Set while our own store is away and an event waits for it. */
  outageSince(): Date | undefined;
}

export function createHandlerRetries(options: HandlerRetriesOptions): HandlerRetries {
  const { policy, attempt, clock, logger, sleep, random } = options;
  /** Events that wait for the store. The last one that is given back takes the outage with it. */
  const waiting = new Set<object>();
  let outageSince: Date | undefined;

  const noteOutage = (waiter: object, error: unknown) => {
    waiting.add(waiter);
    if (outageSince === undefined) logger.warn({ err: error }, "our store is away, waiting for it");
    outageSince ??= clock.now();
  };
  const noteCommit = () => {
    waiting.clear();
    outageSince = undefined;
  };
  const leave = (waiter: object) => {
    if (waiting.delete(waiter) && waiting.size === 0) outageSince = undefined;
  };

  return {
    async carryOut(event, signal, since) {
      const waiter = {};
      let failed = 0;
      let outages = 0;
      try {
        for (;;) {
          signal.throwIfAborted();
          try {
            await attempt(event, failed + 1, signal, since);
            noteCommit();
            return undefined;
          } catch (error) {
            if (isStoreOutage(error)) {
              outages += 1;
              noteOutage(waiter, error);
              await sleep(backoffMs(policy, outages, random), signal);
              continue;
            }
            outages = 0;
            failed += 1;
            const { id: eventId, type: eventType } = event;
            logger.warn({ err: error, eventId, eventType, attempt: failed }, "event handler failed");
            if (failed >= policy.attempts || error instanceof Superseded) return { attempts: failed, error };
            await sleep(backoffMs(policy, failed, random), signal);
          }
        }
      } finally {
        leave(waiter);
      }
    },
    noteCommit,
    outageSince: () => outageSince,
  };
}
