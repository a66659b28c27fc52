/** Work that answers many callers at once: whoever asks gets a round that began after the call, and at most two are under way. */

export interface Rounds<T> {
  /** The result of a round that begins at or after this call. */
  next(): Promise<T>;
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
    get idle() {
      return running === undefined;
    },
  };
}
