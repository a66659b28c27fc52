/** Publishes the plan catalogue. Safe to repeat, also from several processes at once: plans that exist stay as they are. */
import type { IdSource } from "../../../platform/ids.ts";
import { createBillingClient } from "../../../prisma/billing/client.ts";
import { PLAN_CATALOGUE } from "../plan-catalogue.ts";
import { insertMissingPlans } from "../store/plans.ts";

export interface SeedPlansDeps {
  readonly settings: { readonly BILLING_DATABASE_URL: string; readonly BILLING_CURRENCY: string };
  readonly ids: IdSource;
}

/** @returns how many plans were new */
export async function seedPlans({ settings, ids }: SeedPlansDeps): Promise<number> {
  const client = createBillingClient(settings.BILLING_DATABASE_URL, { poolSize: 1 });
  try {
    const currency = settings.BILLING_CURRENCY;
    return await insertMissingPlans(
      client,
      PLAN_CATALOGUE.map((plan) => ({ ...plan, id: ids.next("pln"), currency })),
    );
  } finally {
    await client.$disconnect();
  }
}
