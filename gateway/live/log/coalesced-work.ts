/**
 * Coalesces calls of one piece of work. A caller gets the result of a run that began after the call. At most one run
 * waits.
 */

export interface CoalescedWork<T> {
  /** The result of a run that begins at or after this call. */
  next(): Promise<T>;
  readonly idle: boolean;
}

export function createCoalescedWork<T>(work: () => Promise<T>): CoalescedWork<T> {
  let running: Promise<T> | undefined;
  let queued: Promise<T> | undefined;

  function next(): Promise<T> {
    if (running === undefined) {
      const run = work().finally(() => {
        if (running === run) running = undefined;
      });
      running = run;
      return run;
    }
    // The current run may have read its data before this call.
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
