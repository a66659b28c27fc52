/**
 * What an organisation may use of each feature, and how much of that is used. Pure: whoever asks has read what it
 * follows from.
 */
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { PlanFeature } from "./plan.ts";
import type { UsageTotal } from "./usage.ts";
import { usagePeriodAt } from "./usage-period.ts";

export interface Entitlement {
  readonly key: string;
  readonly granted: boolean;
  /** Null: unlimited. */
  readonly limit: bigint | null;
  readonly used: bigint;
  readonly remaining: bigint | null;
  readonly resetsAt: Date | null;
}

/** Feature → how much of it is granted; null: unlimited. What is not granted is not in it. */
export type Grants = ReadonlyMap<string, bigint | null>;

export interface GrantingPlan {
  readonly quantity: number;
  readonly features: readonly PlanFeature[];
}

/** What an organisation's entitlements follow from, at any moment until something of it changes. */
export interface Standing {
  readonly organizationId: OrganizationId;
  readonly grants: Grants;
  /** Months of use are counted from here; null: no plan runs. */
  readonly anchoredAt: Date | null;
  readonly members: bigint;
  /** Of each meter the newest month in which something was used. */
  readonly totals: ReadonlyMap<string, UsageTotal>;
}

export const SEATS = "seats";

/** The known features, by who knows how much of them is used: members, records of use, or gateways alone. */
const FEATURES: Readonly<Record<string, "MEMBERS" | "RECORDS" | "GATEWAYS">> = {
  [SEATS]: "MEMBERS",
  events_per_month: "RECORDS",
  live_connections: "GATEWAYS",
  query_cost_per_minute: "GATEWAYS",
  query_cost_per_minute_and_client: "GATEWAYS",
};

/** Is it a feature whose use is recorded? */
export function isMeter(key: string): boolean {
  return Object.hasOwn(FEATURES, key) && FEATURES[key] === "RECORDS";
}

/** What is had twice is granted twice; what one of the plans does not limit is not limited. */
export function grantsOf(plans: readonly GrantingPlan[]): Grants {
  const grants = new Map<string, bigint | null>();
  for (const { quantity, features } of plans) {
    for (const { key, limit } of features) {
      const sofar = grants.get(key);
      grants.set(key, limit === null || sofar === null ? null : (sofar ?? 0n) + BigInt(quantity) * limit);
    }
  }
  return grants;
}

/** Of the known features, in their order, and of all others that a plan grants. */
export function entitlementsAt(standing: Standing, at: Date): Entitlement[] {
  const keys = new Set([...Object.keys(FEATURES), ...standing.grants.keys()]);
  return [...keys].map((key) => entitlementAt(standing, key, at));
}

/** @returns undefined for a feature that nobody knows */
export function findEntitlement(standing: Standing, key: string, at: Date): Entitlement | undefined {
  if (!Object.hasOwn(FEATURES, key) && !standing.grants.has(key)) return undefined;
  return entitlementAt(standing, key, at);
}

/** @param key of a feature that is known or granted */
export function entitlementAt({ grants, anchoredAt, members, totals }: Standing, key: string, at: Date): Entitlement {
  const limit = grants.get(key);
  const period = isMeter(key) ? usagePeriodAt(anchoredAt, at) : undefined;
  const total = totals.get(key);
  const counted = period !== undefined && total?.period.start.getTime() === period.start.getTime() ? total.used : 0n;
  return entitlement({
    key,
    granted: limit !== undefined,
    limit: limit === undefined ? 0n : limit,
    used: key === SEATS ? members : counted,
    resetsAt: period?.end ?? null,
  });
}

/** The same after more was used. */
export function withUse(before: Entitlement, used: bigint): Entitlement {
  return entitlement({ ...before, used });
}

function entitlement(facts: Omit<Entitlement, "remaining">): Entitlement {
  const { limit, used } = facts;
  return { ...facts, remaining: limit === null ? null : limit > used ? limit - used : 0n };
}

/** Shares of a limit that are told when use comes to them, in percent. */
const SHARES = [100, 80, 50] as const;

/** @returns the largest told share that use has come to; 0 where there is none, or no limit */
export function reachedPercent({ limit, used }: Pick<Entitlement, "limit" | "used">): number {
  if (limit === null || limit === 0n) return 0;
  return SHARES.find((share) => used * 100n >= BigInt(share) * limit) ?? 0;
}

/** As events and stored results carry it: JSON has no integer of that size. */
export interface WrittenEntitlement {
  readonly key: string;
  readonly granted: boolean;
  readonly limit: string | null;
  readonly used: string;
  readonly remaining: string | null;
  readonly resetsAt: string | null;
}

export function writeEntitlement({ key, granted, limit, used, remaining, resetsAt }: Entitlement): WrittenEntitlement {
  return {
    key,
    granted,
    limit: limit?.toString() ?? null,
    used: used.toString(),
    remaining: remaining?.toString() ?? null,
    resetsAt: resetsAt?.toISOString() ?? null,
  };
}

export function readEntitlement({ key, granted, limit, used, resetsAt }: WrittenEntitlement): Entitlement {
  return entitlement({
    key,
    granted,
    limit: limit === null ? null : BigInt(limit),
    used: BigInt(used),
    resetsAt: resetsAt === null ? null : new Date(resetsAt),
  });
}
