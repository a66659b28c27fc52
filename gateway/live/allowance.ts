/** How many of something each holder has, against one limit for all. Forgets those who hold nothing. */
export interface Allowance {
  readonly limit: number;
  /** Of all holders together. */
  readonly taken: number;
  isUsedUp(holder: string): boolean;
  /** Counts one more; asking before is the caller's. */
  take(holder: string): void;
  giveBack(holder: string): void;
}

export function createAllowance(limit: number): Allowance {
  const held = new Map<string, number>();
  let taken = 0;
  return {
    limit,
    get taken() {
      return taken;
    },
    isUsedUp: (holder) => (held.get(holder) ?? 0) >= limit,
    take(holder) {
      taken += 1;
      held.set(holder, (held.get(holder) ?? 0) + 1);
    },
    giveBack(holder) {
      const count = held.get(holder);
      if (count === undefined) return;
      taken -= 1;
      if (count === 1) held.delete(holder);
      else held.set(holder, count - 1);
    },
  };
}
