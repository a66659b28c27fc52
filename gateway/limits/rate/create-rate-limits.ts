/** All limits on how often and how much callers ask, over one set of counters. */

import { labels, type Metric } from "../../../platform/http/metrics-format.ts";
import type { PlanFeatures, SchemaSource } from "../../ports.ts";
import { type CallLimit, createCallLimit } from "./call-limit.ts";
import { createCostBudget } from "./cost-budget.ts";
import { createCounters, type SharedCounting } from "./counters.ts";
import { createFieldLimit } from "./field-limit.ts";
import { createOperationLimit, type OperationLimit } from "./operation-limit.ts";
import type { Limited } from "./rate-limited.ts";

export interface RateLimits {
  /** Absent: callers may call as often as they like. */
  readonly calls: CallLimit | undefined;
  readonly operations: OperationLimit;
  metrics(): readonly Metric[];
}

export interface RateLimitsOptions {
  readonly schema: SchemaSource;
  /** Calls of one caller per window. */
  readonly points: number | undefined;
  readonly windowMs: number;
  /** Where other gateways count, too; absent: this one counts alone. */
  readonly sharing: SharedCounting | undefined;
  /** Asked at the first operation at the earliest. */
  readonly planFeatures: () => PlanFeatures | undefined;
}

export function createRateLimits({ schema, points, windowMs, sharing, planFeatures }: RateLimitsOptions): RateLimits {
  const counters = createCounters(sharing);
  const calls = points === undefined ? undefined : createCallLimit({ counters, points, windowMs });
  const fields = createFieldLimit({ schema, counters });
  const budget = createCostBudget({ counters, planFeatures });
  return {
    calls,
    operations: createOperationLimit(fields, budget),
    metrics() {
      const refused: readonly (readonly [Limited, number])[] = [
        ["caller", calls?.refused ?? 0],
        ["field", fields.refused],
        ["budget", budget.refused],
      ];
      return [
        {
          type: "counter",
          name: "tributary_rate_limited_total",
          help: "Operations refused because too much was asked, by what was counted",
          samples: refused.map(([limited, count]) => [labels({ limited }), count]),
        },
        {
          type: "counter",
          name: "tributary_rate_counts_alone_total",
          help: "Counts that other gateways do not know of, because Redis was away or slow",
          samples: [["", counters.alone]],
        },
      ];
    },
  };
}
