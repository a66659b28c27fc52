/**
 * How calls to one subgraph are repeated, and when an instance of it is left alone: from the settings, per subgraph
 * where they say so.
 */
import type { GatewaySettings } from "../ports.ts";

export interface CallPolicy {
  /** Pauses before the second attempt, the third, …, in milliseconds; none: one attempt. */
  readonly retryDelaysMs: readonly number[];
  /** Longest attempt of a call that may be repeated, in milliseconds. */
  readonly attemptMs: number;
  /** A breaker opens when more than this share of the last `breakerCalls` failed. */
  readonly breakerShare: number;
  readonly breakerCalls: number;
  /** How long it stays open, in milliseconds. */
  readonly breakerOpenMs: number;
  /** Calls let through before it closes again: all must succeed. */
  readonly breakerProbes: number;
}

type PolicySettings = Pick<
  GatewaySettings,
  | "SUBGRAPH_TIMEOUT_MS"
  | "SUBGRAPH_RETRIES"
  | "SUBGRAPH_ATTEMPT_MS"
  | "SUBGRAPH_BREAKER_SHARE"
  | "SUBGRAPH_BREAKER_CALLS"
  | "SUBGRAPH_BREAKER_OPEN_MS"
  | "SUBGRAPH_BREAKER_PROBES"
  | "SUBGRAPH_POLICIES"
>;

export function callPolicy(settings: PolicySettings, subgraph: string): CallPolicy {
  const { SUBGRAPH_POLICIES } = settings;
  const own = Object.hasOwn(SUBGRAPH_POLICIES, subgraph) ? SUBGRAPH_POLICIES[subgraph] : undefined;
  return {
    retryDelaysMs: own?.retryDelaysMs ?? settings.SUBGRAPH_RETRIES,
    attemptMs: Math.min(own?.attemptMs ?? settings.SUBGRAPH_ATTEMPT_MS, settings.SUBGRAPH_TIMEOUT_MS),
    breakerShare: own?.breakerShare ?? settings.SUBGRAPH_BREAKER_SHARE,
    breakerCalls: own?.breakerCalls ?? settings.SUBGRAPH_BREAKER_CALLS,
    breakerOpenMs: own?.breakerOpenMs ?? settings.SUBGRAPH_BREAKER_OPEN_MS,
    breakerProbes: own?.breakerProbes ?? settings.SUBGRAPH_BREAKER_PROBES,
  };
}
