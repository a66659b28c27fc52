/** Publishes the catalogue with a connection of its own, for a start of the platform and for `npm run db:seed`. */
import type { IdSource } from "../../../platform/ids.ts";
import { publishPlans } from "../commands/publish-plans.ts";
import { openBillingDatabase } from "../store/database.ts";
import { PLAN_CATALOGUE } from "./plan-catalogue.ts";

export interface SeedPlansDeps {
  readonly settings: { readonly BILLING_DATABASE_URL: string; readonly BILLING_CURRENCY: string };
  readonly ids: IdSource;
}

/** @returns how many plans were new */
export async function seedPlans({ settings, ids }: SeedPlansDeps): Promise<number> {
  const database = openBillingDatabase("billing seed", settings.BILLING_DATABASE_URL, 1);
  try {
    return await publishPlans({ database, ids, currency: settings.BILLING_CURRENCY }, PLAN_CATALOGUE);
  } finally {
    await database.part.stop?.();
  }
}
