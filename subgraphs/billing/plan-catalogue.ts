/** The plans of a fresh installation. A change of a published plan is a new version, never an edit: see `seedPlans`. */
import type { PlanInterval } from "../../schema/generated/billing.ts";

export interface PlanDefinition {
  readonly code: string;
  readonly version: number;
  readonly name: string;
  readonly interval: PlanInterval;
  readonly amountMinor: bigint;
  /** Null: unlimited. */
  readonly features: readonly { readonly key: string; readonly limit: bigint | null }[];
}

function features(seats: bigint | null, eventsPerMonth: bigint | null, liveConnections: bigint | null) {
  return [
    { key: "seats", limit: seats },
    { key: "events_per_month", limit: eventsPerMonth },
    { key: "live_connections", limit: liveConnections },
  ];
}

const teamFeatures = features(25n, 1_000_000n, 500n);

export const PLAN_CATALOGUE: readonly PlanDefinition[] = [
  {
    code: "starter",
    version: 1,
    name: "Starter",
    interval: "MONTH",
    amountMinor: 900n,
    features: features(5n, 50_000n, 25n),
  },
  { code: "team", version: 1, name: "Team", interval: "MONTH", amountMinor: 2_900n, features: teamFeatures },
  {
    code: "business",
    version: 1,
    name: "Business",
    interval: "MONTH",
    amountMinor: 9_900n,
    features: features(null, 20_000_000n, 10_000n),
  },
  {
    code: "team-yearly",
    version: 1,
    name: "Team, yearly",
    interval: "YEAR",
    amountMinor: 29_000n,
    features: teamFeatures,
  },
];
