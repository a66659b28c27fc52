import { expect, test } from "vitest";
import { createCostBudget, type Spending } from "../../../../../gateway/limits/rate/cost-budget.ts";
import { createCounters } from "../../../../../gateway/limits/rate/counters.ts";
import type { PlanFeatures } from "../../../../../gateway/ports.ts";
import type { Identity } from "../../../../../platform/auth/identity.ts";
import { grantsOf, userWith } from "../../../../support/identities.ts";

const A = "org_01a";
const B = "org_02b";
const ORG = "query_cost_per_minute";
const CLIENT = "query_cost_per_minute_and_client";

/** @param granted by organisation and feature */
function budgetOf(granted: Readonly<Record<string, Readonly<Record<string, bigint | null>>>>) {
  const planFeatures: PlanFeatures = { limit: async (id, key) => granted[id]?.[key] };
  const budget = createCostBudget({ counters: createCounters(), planFeatures: () => planFeatures });
  return {
    budget,
    /** @returns the code and details of a refusal */
    async spend(more: Partial<Spending> & Pick<Spending, "identity">) {
      try {
        await budget.spend({ clientName: undefined, cost: 40, variables: {}, text: "{ viewer { id } }", ...more });
        return undefined;
      } catch (error) {
        return error;
      }
    },
  };
}

function member(...organizations: string[]): Identity {
  return userWith({ grants: Object.fromEntries(organizations.map((id) => [id, []])) });
}

const refusal = (organizationId: string, budget = ORG) => ({
  code: "RATE_LIMITED",
  status: 429,
  details: { limited: "budget", budget, organizationId, retryAfterSeconds: 60 },
});

test("an organisation spends what its plan grants in a minute, and no more; nobody waits for the plan", async () => {
  const { spend, budget } = budgetOf({ [A]: { [ORG]: 100n } });
  // What the plan says is known from the second operation on.
  expect(await spend({ identity: member(A), cost: 1_000 })).toBeUndefined();
  expect(await spend({ identity: member(A) })).toBeUndefined();
  expect(await spend({ identity: member(A) })).toBeUndefined();
  expect(await spend({ identity: member(A) })).toMatchObject(refusal(A));
  expect(budget.refused).toBe(1);
});

test("an operation counts for the organisations that it names, another's stay whole", async () => {
  const { spend } = budgetOf({ [A]: { [ORG]: 50n }, [B]: { [ORG]: 50n } });
  const identity = member(A, B);
  await spend({ identity, cost: 1 });
  expect(await spend({ identity, variables: { id: A } })).toBeUndefined();
  expect(await spend({ identity, variables: { id: A } })).toMatchObject(refusal(A));
  expect(await spend({ identity, text: `{ organization(id: "${B}") { name } }` })).toBeUndefined();
  expect(await spend({ identity, text: `{ organization(id: "${B}") { name } }` })).toMatchObject(refusal(B));
});

test("who names none is refused when all have spent theirs", async () => {
  const { spend } = budgetOf({ [A]: { [ORG]: 10n }, [B]: { [ORG]: 100n } });
  const identity = member(A, B);
  await spend({ identity, cost: 1 });
  expect(await spend({ identity })).toBeUndefined();
  expect(await spend({ identity })).toBeUndefined();
  expect(await spend({ identity })).toMatchObject({ code: "RATE_LIMITED" });
});

test("each client program has a budget of its own", async () => {
  const { spend } = budgetOf({ [A]: { [CLIENT]: 50n } });
  const identity = member(A);
  await spend({ identity, clientName: "app", cost: 1 });
  expect(await spend({ identity, clientName: "app" })).toBeUndefined();
  expect(await spend({ identity, clientName: "app" })).toMatchObject(refusal(A, CLIENT));
  expect(await spend({ identity, clientName: "batch" })).toBeUndefined();
});

test("what no plan limits, and what the gateway itself asks, is not limited", async () => {
  const { spend } = budgetOf({ [A]: { [ORG]: null }, [B]: { [ORG]: 1n } });
  const identities: Identity[] = [
    member(A),
    member(),
    member("unheard"),
    { kind: "AUDIENCE", grants: grantsOf({ [B]: [] }) },
    { kind: "SERVICE", service: "gateway" },
    { kind: "ANONYMOUS" },
  ];
  for (const identity of identities) {
    for (const _ of [1, 2, 3]) expect(await spend({ identity, cost: 1_000_000 })).toBeUndefined();
  }
});
