/** A token bucket: a burst at once, then one token per period. Its state is one number. */
export interface TokenBucket {
  /** Takes a token. `false`: none is left, and the call does not count. */
  take(): boolean;
}

/** @param periodMs in milliseconds @param now rises in milliseconds */
export function createTokenBucket(
  { burst, periodMs }: { readonly burst: number; readonly periodMs: number },
  now: () => number = () => performance.now(),
): TokenBucket {
  /** When the bucket is full again. */
  let fullAt = Number.NEGATIVE_INFINITY;
  return {
    take() {
      const next = Math.max(fullAt, now()) + periodMs;
      if (next - now() > burst * periodMs) return false;
      fullAt = next;
      return true;
    },
  };
}
