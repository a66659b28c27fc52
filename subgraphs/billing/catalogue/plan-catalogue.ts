/**
 * The plans of a fresh installation. A change of a published plan is a new version, never an edit: see `publishPlans`.
 */
import type { Plan } from "../domain/plan.ts";

export type PlanDefinition = Pick<Plan, "code" | "version" | "name" | "interval" | "amountMinor" | "features"> &
  Partial<Pick<Plan, "trialDays">>;

interface Grants {
  readonly seats: bigint | null;
  readonly eventsPerMonth: bigint;
  readonly liveConnections: bigint;
  /** What all operations of a minute may cost: about the objects that they could return. */
  readonly queryCost: bigint;
}

/** Of the minute's cost each client program may take half, so that one which runs wild leaves the others something. */
function features({ seats, eventsPerMonth, liveConnections, queryCost }: Grants): PlanDefinition["features"] {
  return [
    { key: "seats", limit: seats },
    { key: "events_per_month", limit: eventsPerMonth },
    { key: "live_connections", limit: liveConnections },
    { key: "query_cost_per_minute", limit: queryCost },
    { key: "query_cost_per_minute_and_client", limit: queryCost / 2n },
  ];
}

const starterFeatures = features({
  seats: 5n,
  eventsPerMonth: 50_000n,
  liveConnections: 25n,
  queryCost: 10_000_000n,
});
const teamFeatures = features({
  seats: 25n,
  eventsPerMonth: 1_000_000n,
  liveConnections: 500n,
  queryCost: 50_000_000n,
});
const businessFeatures = features({
  seats: null,
  eventsPerMonth: 20_000_000n,
  liveConnections: 10_000n,
  queryCost: 500_000_000n,
});

export const PLAN_CATALOGUE: readonly PlanDefinition[] = [
  { code: "starter", version: 1, name: "Starter", interval: "MONTH", amountMinor: 900n, features: starterFeatures },
  { code: "team", version: 1, name: "Team", interval: "MONTH", amountMinor: 2_900n, features: teamFeatures },
  {
    code: "business",
    version: 1,
    name: "Business",
    interval: "MONTH",
    amountMinor: 9_900n,
    features: businessFeatures,
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
