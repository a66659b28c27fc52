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
      heldKeys: relay.health().heldKeys,
      ...(lag === undefined ? {} : { unsent: lag.unsent, oldestSeconds: lag.oldestAgeMs / 1_000 }),
    }),
    problem() {
      const { phase, heldKeys, lastError } = relay.health();
      // Nobody but a person can help those: there is nothing to wait for.
      if (heldKeys > 0) return `the log refuses events: ${heldKeys} keys wait behind them: ${lastError}`;
      if (lag === undefined || lag.oldestAgeMs < lateSeconds * 1_000) return undefined;
      const why = lastError === undefined ? `the relay is ${phase.toLowerCase()}` : lastError;
      return `${lag.unsent} events wait to be sent, the first for ${Math.round(lag.oldestAgeMs / 1_000)} s: ${why}`;
    },
  };
}
