/** Counts how many of something each holder has, against one limit for all holders. A holder of none is forgotten. */
export interface Quota {
  readonly limit: number;
  used(holder: string): number;
  isUsedUp(holder: string): boolean;
  /** Counts one more; asking before is the caller's. */
  take(holder: string): void;
  release(holder: string): void;
}

export function createQuota(limit: number): Quota {
  const counts = new Map<string, number>();
  const used = (holder: string) => counts.get(holder) ?? 0;
  return {
    limit,
    used,
    isUsedUp: (holder) => used(holder) >= limit,
    take(holder) {
      counts.set(holder, used(holder) + 1);
    },
    release(holder) {
      const count = counts.get(holder);
      if (count === undefined) return;
      if (count === 1) counts.delete(holder);
      else counts.set(holder, count - 1);
    },
  };
}
