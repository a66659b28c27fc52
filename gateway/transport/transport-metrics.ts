/**
 * What calls to subgraphs came to, per subgraph and instance, for `/metrics`. Instances are named as they named
 * themselves, without addresses.
 */
import { labels, type Metric } from "../../platform/http/metrics-format.ts";
import type { BreakerState } from "./circuit-breaker.ts";
import type { PoolUse } from "./http-exchange.ts";
import type { Instance } from "./instance.ts";
import type { SubgraphTarget } from "./subgraph-targets.ts";

const STATES: Readonly<Record<BreakerState, number>> = { CLOSED: 0, HALF_OPEN: 1, OPEN: 2 };

export function transportMetrics(targets: readonly SubgraphTarget[], poolOf: (url: URL) => PoolUse): readonly Metric[] {
  const rows = targets.flatMap(({ subgraph, balancer }) =>
    balancer.instances.map((instance) => ({ name: labels({ subgraph, target: instance.id }), instance })),
  );
  const metric = (type: Metric["type"], name: string, help: string, value: (instance: Instance) => number): Metric => ({
    type,
    name: `tributary_subgraph_${name}`,
    help,
    samples: rows.map((row) => [row.name, value(row.instance)]),
  });
  return [
    metric("counter", "requests_total", "Attempts to call an instance", ({ requests }) => requests),
    metric("counter", "failures_total", "Attempts that came to nothing", ({ failures }) => failures),
    metric("counter", "retries_total", "Attempts that were not the first of their call", ({ retries }) => retries),
    metric("gauge", "in_flight", "Calls under way", ({ inFlight }) => inFlight),
    metric(
      "gauge",
      "breaker_state",
      "0: closed, 1: half open, 2: open and called by nobody",
      ({ breaker }) => STATES[breaker.state],
    ),
    metric("counter", "breaker_opened_total", "How often the breaker opened", ({ breaker }) => breaker.opened),
    metric("gauge", "pool_sockets", "Open connections", ({ url }) => poolOf(url).open),
    metric("gauge", "pool_size", "Most connections", ({ url }) => poolOf(url).size),
    metric("gauge", "pool_waiting", "Calls that wait for a connection", ({ url }) => poolOf(url).waiting),
  ];
}
