/** Work that answers many callers at once: whoever asks gets a round that began after the call, and at most two are under way. */
import { AppError } from "../../platform/errors/app-error.ts";

export interface Rounds<T> {
  /** The result of a round that begins at or after this call. */
  next(): Promise<T>;
  /** The same. @throws AppError `EVENT_LOG_UNAVAILABLE` when it takes longer than this; the round goes on */
  within(deadlineMs: number): Promise<T>;
  readonly idle: boolean;
}

export function createRounds<T>(work: () => Promise<T>): Rounds<T> {
  let running: Promise<T> | undefined;
  let queued: Promise<T> | undefined;

  function next(): Promise<T> {
    if (running === undefined) {
      const round = work().finally(() => {
        if (running === round) running = undefined;
      });
      running = round;
      return round;
    }
    // The round under way may have looked before the call.
    queued ??= running
      .catch(() => undefined)
      .then(() => {
        queued = undefined;
        return next();
      });
    return queued;
  }

  return {
    next,
    async within(deadlineMs) {
      const { promise: late, reject } = Promise.withResolvers<never>();
      const refuse = () => reject(new AppError("EVENT_LOG_UNAVAILABLE", "The event log does not answer in time."));
      const timer = setTimeout(refuse, deadlineMs);
      try {
        return await Promise.race([next(), late]);
      } finally {
        clearTimeout(timer);
      }
    },
    get idle() {
      return running === undefined;
    },
  };
}
