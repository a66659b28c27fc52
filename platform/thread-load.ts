/**
 * How busy the process' one thread is. Everything that a process does takes turns on it, so work that can wait looks
 * here before it goes on.
 */
import { performance } from "node:perf_hooks";

export interface ThreadLoad {
  /** Share of the last tenth of a second, or of the time since it was last asked for, in which the thread had work. */
  readonly share: number;
}

export interface ThreadLoadOptions {
  /** In milliseconds; default: `performance.now`. */
  readonly now?: () => number;
  /** Share of the time since the last call, in [0, 1]; default: the event loop's. */
  readonly measure?: () => number;
}

const WINDOW_MS = 100;

export function createThreadLoad(options: ThreadLoadOptions = {}): ThreadLoad {
  const { now = () => performance.now(), measure = eventLoopUtilization() } = options;
  let since = now();
  let share = 0;
  return {
    get share() {
      const at = now();
      if (at - since < WINDOW_MS) return share;
      since = at;
      share = measure();
      return share;
    },
  };
}

function eventLoopUtilization(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const next = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(next, last);
    last = next;
    return utilization;
  };
}
