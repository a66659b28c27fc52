/** How often something may be tried: a burst at once, then one per period. Remembers one number. */
export interface Attempts {
  /** Counts an attempt. `false`: too many, and it is not counted. */
  take(): boolean;
}

/** @param periodMs in milliseconds @param now rises in milliseconds */
export function createAttempts(
  { burst, periodMs }: { readonly burst: number; readonly periodMs: number },
  now: () => number = () => performance.now(),
): Attempts {
  /** When everything that was taken has been earned back. */
  let earnedAt = Number.NEGATIVE_INFINITY;
  return {
    take() {
      const next = Math.max(earnedAt, now()) + periodMs;
      if (next - now() > burst * periodMs) return false;
      earnedAt = next;
      return true;
    },
  };
}
