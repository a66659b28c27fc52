/** Tenants that did something lately, each for as long as it is remembered. */
import { LRUCache } from "lru-cache";

export interface RememberedTenants {
  note(tenant: string): void;
  has(tenant: string): boolean;
}

export interface RememberedTenantsOptions {
  /** How long each is remembered, in milliseconds. */
  readonly forMs: number;
  /** Of them at once; beyond it those are forgotten that were noted, or asked about, longest ago. */
  readonly most: number;
  /** In milliseconds. */
  readonly now: () => number;
}

export function createRememberedTenants({ forMs, most, now }: RememberedTenantsOptions): RememberedTenants {
  const notedAt = new LRUCache<string, number>({ max: most });
  return {
    note: (tenant) => void notedAt.set(tenant, now()),
    has(tenant) {
      // Most of the time nobody is remembered.
      const at = notedAt.size === 0 ? undefined : notedAt.get(tenant);
      return at !== undefined && now() - at < forMs;
    },
  };
}
