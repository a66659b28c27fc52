/**
 * Limits what the operations of an organisation may cost together within a minute, as its plan says. An operation
 * counts for the organisations that it names. One that names none counts for all organisations of the caller, and is
 * refused only when none of them has budget left. The plan's limit is read beside the operations: until it is known,
 * nothing is limited and nobody waits.
 */
import { LRUCache } from "lru-cache";
import { type Identity, principalOf } from "../../../platform/auth/identity.ts";
import type { PlanFeatures } from "../../ports.ts";
import { namedOrganizations } from "../named-organizations.ts";
import type { Counters, Tally } from "./counters.ts";
import { rateLimited } from "./rate-limited.ts";

export interface CostBudget {
  /** @throws AppError `RATE_LIMITED` whose details name the budget */
  spend(spending: Spending): Promise<void>;
  /** Operations that were refused. */
  readonly refused: number;
}

export interface Spending {
  readonly identity: Identity;
  /** How the client program calls itself. */
  readonly clientName: string | undefined;
  readonly cost: number;
  /** As they came. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** Of the operation's document. */
  readonly text: string | undefined;
}

export interface CostBudgetOptions {
  readonly counters: Counters;
  /** Absent where organisations have no plans. */
  readonly planFeatures: () => PlanFeatures | undefined;
}

/** Of the organisation as a whole, and of each of its client programs. */
const ORGANIZATION_BUDGET = "query_cost_per_minute";
const CLIENT_BUDGET = "query_cost_per_minute_and_client";

const WINDOW_MS = 60_000;
const MAX_ORGANIZATIONS = 20_000;
/** Plans change by event; this is only how long a limit is taken over unasked. */
const ASK_EVERY_MS = 1_000;

interface Excess {
  readonly budget: string;
  readonly organizationId: string;
  readonly limit: number;
  readonly tally: Tally;
}

interface KnownLimit {
  limit: number | undefined;
  askedAt: number;
}

export function createCostBudget({ counters, planFeatures }: CostBudgetOptions): CostBudget {
  const limits = new LRUCache<string, KnownLimit>({ max: 2 * MAX_ORGANIZATIONS });
  let refused = 0;

  function limitOf(features: PlanFeatures, organizationId: string, budget: string): number | undefined {
    const key = `${budget} ${organizationId}`;
    const knownLimit = limits.get(key) ?? { limit: undefined, askedAt: Number.NEGATIVE_INFINITY };
    if (performance.now() - knownLimit.askedAt >= ASK_EVERY_MS) {
      knownLimit.askedAt = performance.now();
      limits.set(key, knownLimit);
      void features.limit(organizationId, budget).then((limit) => {
        knownLimit.limit = limit == null ? undefined : Number(limit);
      });
    }
    return knownLimit.limit;
  }

  async function spendOf(
    features: PlanFeatures,
    organizationId: string,
    { cost, clientName }: Spending,
  ): Promise<Excess | undefined> {
    const budgets: [budget: string, key: string][] = [[ORGANIZATION_BUDGET, `cost:${organizationId}`]];
    if (clientName !== undefined) budgets.push([CLIENT_BUDGET, `cost:${organizationId}:${clientName}`]);
    const excesses = await Promise.all(
      budgets.map(async ([budget, key]) => {
        const limit = limitOf(features, organizationId, budget);
        if (limit === undefined) return undefined;
        const tally = await counters.add(key, WINDOW_MS, cost);
        return tally.total > limit ? { budget, organizationId, limit, tally } : undefined;
      }),
    );
    return excesses.find((excess) => excess !== undefined);
  }

  return {
    async spend(spending) {
      const { cost } = spending;
      const features = planFeatures();
      const principal = principalOf(spending.identity);
      if (features === undefined || principal === undefined || cost === 0) return;
      const own = [...principal.grants.keys()];
      const named = namedOrganizations(spending.variables, spending.text, own);
      const charged = named.length > 0 ? named : own;
      const excesses = await Promise.all(charged.map((id) => spendOf(features, id, spending)));
      const [first] = excesses.filter((excess) => excess !== undefined);
      if (first === undefined || (named.length === 0 && excesses.includes(undefined))) return;
      refused += 1;
      const { budget, organizationId, limit, tally } = first;
      throw rateLimited(
        "budget",
        `The organization's operations of this minute could cost ${tally.total}; its plan allows ${limit} (\`${budget}\`).`,
        tally.resetMs,
        { budget, organizationId, maximum: limit },
      );
    },
    get refused() {
      return refused;
    },
  };
}
