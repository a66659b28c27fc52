/** How many of something each holder has, against one limit for all. Forgets those who hold nothing. */
export interface Allowance {
  readonly limit: number;
  held(holder: string): number;
  isUsedUp(holder: string): boolean;
  /** Counts one more; asking before is the caller's. */
  take(holder: string): void;
  giveBack(holder: string): void;
}

export function createAllowance(limit: number): Allowance {
  const counts = new Map<string, number>();
  const held = (holder: string) => counts.get(holder) ?? 0;
  return {
    limit,
    held,
    isUsedUp: (holder) => held(holder) >= limit,
    take(holder) {
      counts.set(holder, held(holder) + 1);
    },
    giveBack(holder) {
      const count = counts.get(holder);
      if (count === undefined) return;
      if (count === 1) counts.delete(holder);
      else counts.set(holder, count - 1);
    },
  };
}
