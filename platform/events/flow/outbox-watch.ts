/** Watches one outbox from outside: what a command committed and the relay did not append yet. */
import { withDeadline } from "../../deadline.ts";
import type { OutboxLag, Relay } from "../relay.ts";
import type { OutboxFlow } from "./flow-report.ts";

export type WatchedRelay = Pick<Relay, "topic" | "lag" | "health">;

export interface OutboxWatch {
  /** Measures. Never rejects. */
  look(): Promise<void>;
  flow(): OutboxFlow;
  /** What keeps rows waiting; absent while all is well. */
  problem(): string | undefined;
}

const LOOK_DEADLINE_MS = 5_000;

/** @param lateSeconds rows that wait longer are a problem that operators should see */
export function createOutboxWatch(relay: WatchedRelay, lateSeconds: number): OutboxWatch {
  let lag: OutboxLag | undefined;
  return {
    async look() {
      try {
        lag = await withDeadline(relay.lag(), LOOK_DEADLINE_MS, "the database did not tell the lag");
      } catch {
        // The database's own check reports it.
        lag = undefined;
      }
    },
    flow: () => ({
      topic: relay.topic,
      ...(lag === undefined ? {} : { unsent: lag.unsent, oldestSeconds: lag.oldestAgeMs / 1_000 }),
    }),
    problem() {
      if (lag === undefined || lag.oldestAgeMs < lateSeconds * 1_000) return undefined;
      const { phase, lastError } = relay.health();
      const why = lastError === undefined ? `the relay is ${phase.toLowerCase()}` : lastError;
      return `${lag.unsent} events wait to be sent, the first for ${Math.round(lag.oldestAgeMs / 1_000)} s: ${why}`;
    },
  };
}
