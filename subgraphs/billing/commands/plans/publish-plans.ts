/** Publishes plans. Safe to repeat, also from several processes at once: plans that exist stay as they are. */
import type { PlanDefinition } from "../../catalogue/plan-catalogue.ts";
import type { BillingServices } from "../../services.ts";
import { insertMissingPlans } from "../../store/plans.ts";

/** @returns how many plans were new */
export function publishPlans(
  { database, ids, currency }: Pick<BillingServices, "database" | "ids" | "currency">,
  plans: readonly PlanDefinition[],
): Promise<number> {
  return insertMissingPlans(
    database.autocommit,
    plans.map((plan) => ({ ...plan, id: ids.next("pln"), currency })),
  );
}
