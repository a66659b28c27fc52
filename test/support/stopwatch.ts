const TICK_MS = 10;

export interface Stopwatch {
  /** Since the start, in milliseconds, without what this process missed. */
  ms(): number;
  stop(): void;
}

/**
 * Measures how long something takes, without the time in which this process could not have seen it: while other
 * processes had the processor, or its own code did not let the event loop turn. So a bound says what is required, and a
 * busy machine that lets a test sleep breaks none.
 */
export function startStopwatch(): Stopwatch {
  const since = performance.now();
  let missed = 0;
  let looked = since;
  // A tick that comes a little late is usual.
  const late = (now: number) => Math.max(0, now - looked - 2 * TICK_MS);
  const ticking = setInterval(() => {
    const now = performance.now();
    missed += late(now);
    looked = now;
  }, TICK_MS);
  ticking.unref();
  return {
    ms() {
      const now = performance.now();
      return now - since - missed - late(now);
    },
    stop: () => clearInterval(ticking),
  };
}
