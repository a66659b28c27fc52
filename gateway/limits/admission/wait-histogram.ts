/** How long operations waited that were let in. */
import type { Metric } from "../../../platform/http/metrics-format.ts";

export interface WaitHistogram {
  observe(seconds: number): void;
  metric(name: string, help: string): Metric;
}

const BOUNDS = [0, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export function createWaitHistogram(): WaitHistogram {
  const counts = BOUNDS.map(() => 0);
  let count = 0;
  let sum = 0;
  return {
    observe(seconds) {
      count += 1;
      sum += seconds;
      const index = seconds === 0 ? 0 : BOUNDS.findIndex((bound) => seconds <= bound);
      if (index >= 0) counts[index] = (counts[index] ?? 0) + 1;
    },
    metric(name, help) {
      let below = 0;
      const buckets = BOUNDS.map((le, index) => {
        below += counts[index] ?? 0;
        return [`_bucket{le="${le}"}`, below] as const;
      });
      const samples = [...buckets, ['_bucket{le="+Inf"}', count], ["_sum", sum], ["_count", count]] as const;
      return { type: "histogram", name, help, samples };
    },
  };
}
