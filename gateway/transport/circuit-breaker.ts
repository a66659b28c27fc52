/**
 * Whether an instance may be called: CLOSED it may; OPEN it may not for a while, so that calls go elsewhere or fail at
 * once; then HALF_OPEN a few calls try it out, and all must succeed. Asking costs no promise and no timer. What calls
 * report that began before the last change of state counts for nothing.
 */
import { CircuitState, CountBreaker } from "cockatiel";
import type { CallPolicy } from "./call-policy.ts";

export type BreakerState = "CLOSED" | "OPEN" | "HALF_OPEN";

/** `trial`: one call may try it out now. */
export type Readiness = "usable" | "trial" | "blocked";

export interface CircuitBreaker {
  readonly state: BreakerState;
  /** How often it opened. */
  readonly opened: number;
  readiness(): Readiness;
  /** A call begins that `readiness` allowed. @returns what to report its end with */
  begin(): number;
  succeeded(epochAtBegin: number): void;
  failed(epochAtBegin: number): void;
  /** Nobody waited for the end: it tells nothing. */
  abandoned(epochAtBegin: number): void;
}

type BreakerPolicy = Pick<CallPolicy, "breakerShare" | "breakerCalls" | "breakerOpenMs" | "breakerProbes">;

/** @param now milliseconds of a clock that never goes back */
export function createCircuitBreaker(policy: BreakerPolicy, now: () => number): CircuitBreaker {
  const window = new CountBreaker({ threshold: policy.breakerShare, size: policy.breakerCalls });
  let state: BreakerState = "CLOSED";
  let epoch = 0;
  let opened = 0;
  let openUntil = 0;
  let trials = 0;
  let passed = 0;

  function enter(next: BreakerState): void {
    state = next;
    epoch += 1;
    trials = 0;
    passed = 0;
    if (next !== "OPEN") return;
    opened += 1;
    openUntil = now() + policy.breakerOpenMs;
  }

  return {
    get state() {
      return state;
    },
    get opened() {
      return opened;
    },
    readiness() {
      if (state === "CLOSED") return "usable";
      if (state === "OPEN") return now() >= openUntil ? "trial" : "blocked";
      return trials < policy.breakerProbes ? "trial" : "blocked";
    },
    begin() {
      if (state === "CLOSED") return epoch;
      if (state === "OPEN") enter("HALF_OPEN");
      trials += 1;
      return epoch;
    },
    succeeded(epochAtBegin) {
      if (epochAtBegin !== epoch) return;
      if (state === "CLOSED") {
        window.success(CircuitState.Closed);
        return;
      }
      passed += 1;
      if (passed < policy.breakerProbes) return;
      // The window forgets what was before.
      window.success(CircuitState.HalfOpen);
      enter("CLOSED");
    },
    failed(epochAtBegin) {
      if (epochAtBegin !== epoch) return;
      if (state !== "CLOSED" || window.failure(CircuitState.Closed)) enter("OPEN");
    },
    abandoned(epochAtBegin) {
      if (epochAtBegin === epoch && state === "HALF_OPEN") trials -= 1;
    },
  };
}
