/** One process that answers for a subgraph, what is known about it, and what calls to it came to. */

import type { CallPolicy } from "./call-policy.ts";
import { type CircuitBreaker, createCircuitBreaker } from "./circuit-breaker.ts";

/** Where an instance is, by a setting or as it told the registry. */
export interface InstanceAddress {
  /** Shown to operators; names no address. */
  readonly id: string;
  /** Its GraphQL endpoint. */
  readonly url: URL;
  readonly release?: string;
}

/** Written by calls, read by metrics. */
export interface Instance extends InstanceAddress {
  readonly breaker: CircuitBreaker;
  inFlight: number;
  requests: number;
  answers: number;
  failures: number;
  /** Attempts that were not the first of their call. */
  retries: number;
}

export function createInstance(address: InstanceAddress, policy: CallPolicy, now: () => number): Instance {
  return {
    ...address,
    breaker: createCircuitBreaker(policy, now),
    inFlight: 0,
    requests: 0,
    answers: 0,
    failures: 0,
    retries: 0,
  };
}
