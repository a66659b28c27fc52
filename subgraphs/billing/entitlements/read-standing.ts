/** Reads what entitlements follow from: plans, months of use, members. */
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { grantsOf, type Standing } from "../domain/entitlement.ts";
import type { BillingTransaction } from "../store/database.ts";
import { findPlans } from "../store/plans.ts";
import { requireRow } from "../store/require-row.ts";
import { countSeats } from "../store/seats.ts";
import { findGrantingSubscriptions } from "../store/subscriptions.ts";
import { findNewestTotals } from "../store/usage.ts";

/** In the order of the ids. An organisation that billing does not know has nothing and uses nothing. */
export async function readStandings(
  tx: BillingTransaction,
  organizationIds: readonly OrganizationId[],
): Promise<Standing[]> {
  const subscriptions = Map.groupBy(
    await findGrantingSubscriptions(tx, organizationIds),
    ({ organizationId }) => organizationId,
  );
  const planIds = new Set([...subscriptions.values()].flat().map(({ planId }) => planId));
  const plans = new Map((await findPlans(tx, [...planIds])).map((plan) => [plan.id, plan]));
  const totals = Map.groupBy(await findNewestTotals(tx, organizationIds), ({ organizationId }) => organizationId);
  const members = await countSeats(tx, organizationIds);
  return organizationIds.map((organizationId) => {
    const granting = subscriptions.get(organizationId) ?? [];
    // Of several from before there was one per account, the one that stays.
    const main = granting.find(({ surplus }) => !surplus) ?? granting.at(0);
    return {
      organizationId,
      grants: grantsOf(
        granting.map(({ planId, quantity }) => ({ quantity, features: requireRow(plans.get(planId)).features })),
      ),
      anchoredAt: main?.anchoredAt ?? null,
      members: members.get(organizationId) ?? 0n,
      totals: new Map((totals.get(organizationId) ?? []).map((total) => [total.meter, total])),
    };
  });
}

export async function readStanding(tx: BillingTransaction, organizationId: OrganizationId): Promise<Standing> {
  return requireRow((await readStandings(tx, [organizationId])).at(0));
}
