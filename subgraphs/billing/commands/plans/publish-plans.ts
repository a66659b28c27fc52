/**
 * Publishes the catalogue. Safe to repeat, also from several processes at once: a version that is there, or older than
 * one, stays as it is.
 */
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import type { PlanDefinition } from "../../catalogue/plan-catalogue.ts";
import type { BillingServices } from "../../services.ts";
import { lockPlanCode, replacePlan } from "../../store/plans.ts";

/** @returns how many plans were new */
export async function publishPlans(
  { database, ids, clock, currency }: Pick<BillingServices, "database" | "ids" | "clock" | "currency">,
  plans: readonly PlanDefinition[],
): Promise<number> {
  let published = 0;
  for (const plan of plans) {
    await inTenants(database, [], async (tx) => {
      if ((await lockPlanCode(tx, plan.code)) >= plan.version) return;
      await replacePlan(tx, { trialDays: 0, ...plan, id: ids.next("pln"), currency, publishedAt: clock.now() });
      published += 1;
    });
  }
  return published;
}
