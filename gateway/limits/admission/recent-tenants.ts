/** Which tenants asked for something lately. Costs a look-up per operation. */

export interface RecentTenants {
  note(tenant: string): void;
  /** How many there are, without the given one. */
  othersThan(tenant: string): number;
}

/** "Lately" is between one and two of these. */
const WINDOW_MS = 1_000;

/** @param now in milliseconds */
export function createRecentTenants(now: () => number): RecentTenants {
  let since = now();
  let current = new Set<string>();
  /** With those of the window before. */
  let all = new Set<string>();

  function turnOver(): void {
    const passed = now() - since;
    if (passed < WINDOW_MS) return;
    all = passed < 2 * WINDOW_MS ? current : new Set();
    current = new Set();
    since += passed;
  }

  return {
    note(tenant) {
      turnOver();
      current.add(tenant);
      all.add(tenant);
    },
    othersThan(tenant) {
      turnOver();
      return all.size - (all.has(tenant) ? 1 : 0);
    },
  };
}
